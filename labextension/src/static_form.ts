/** A widget's static form is an output of its own; where the widget lives, nobody sees the form. */

/** Hides the form of this name, whether it is there already or comes; returns how to show it. */
export function hideForm(form: string): () => void {
  const marked = `.as-StaticForm[data-view=${JSON.stringify(form)}]`;
  const style = document.createElement('style');
  // JupyterLab's output with its prompt and padding; elsewhere the form alone
  style.textContent = `.jp-OutputArea-child:has(${marked}) { display: none; } ${marked} { display: none; }`;
  document.head.append(style);
  return () => style.remove();
}
