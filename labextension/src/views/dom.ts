/** Elements in one line. Text is always text: nothing here takes HTML. */

type Child = Node | string | null | undefined | false;

interface Attributes {
  class?: string;
  [name: string]: string | number | boolean | null | undefined | ((event: never) => void);
}

/** A new element. `onclick: …` and the like become listeners; false and null leave one out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

/** Calls back at most once in a frame, however often it is asked. */
export function oncePerFrame(draw: () => void): { (): void; cancel(): void } {
  let frame = 0;
  const ask = (): void => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  ask.cancel = (): void => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  return ask;
}

/** A menu below a button, closed by Escape, a click elsewhere, or the function returned. */
export function openMenu(anchor: HTMLElement, label: string, content: HTMLElement): () => void {
  const root = anchor.closest<HTMLElement>('.as-Root') ?? document.body;
  const menu = el('div', { class: 'as-Menu', role: 'dialog', 'aria-label': label }, content);
  const close = (): void => {
    menu.remove();
    anchor.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', onPointer, true);
  };
  const onPointer = (event: Event): void => {
    const path = event.composedPath();
    if (!path.includes(menu) && !path.includes(anchor)) {
      close();
    }
  };
  menu.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.key === 'Escape') {
      close();
      anchor.focus();
    }
  });
  document.addEventListener('pointerdown', onPointer, true);
  anchor.setAttribute('aria-expanded', 'true');
  root.append(menu);
  place(menu, anchor, root);
  (menu.querySelector<HTMLElement>('input, button') ?? menu).focus({ preventScroll: true });
  return close;
}

function place(menu: HTMLElement, anchor: HTMLElement, root: HTMLElement): void {
  const outer = root.getBoundingClientRect();
  const box = anchor.getBoundingClientRect();
  const left = Math.min(box.left - outer.left, outer.width - menu.offsetWidth - 2);
  menu.style.left = `${Math.max(0, left)}px`;
  menu.style.top = `${box.bottom - outer.top + 4}px`;
}
