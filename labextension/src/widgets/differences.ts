/** anywidget host of the differences of two runs: one trait, drawn anew when it changes. */
import type { RenderProps } from '@anywidget/types';
import type { Differences } from '../contract';
import { drawCode } from '../views/code_diff';
import { drawDifferences } from '../views/differences';
import { el as element } from '../views/dom';
import { hideForm } from '../static_form';

interface Traits {
  differences: Differences;
  form: string;
}

export default {
  render({ model, el }: RenderProps<Traits>): () => void {
    const root = element('div', { class: 'as-Root as-DifferencesWidget' });
    const draw = (): void => {
      const differences = model.get('differences');
      root.replaceChildren(drawDifferences(differences), drawCode(differences) ?? '');
    };
    model.on('change:differences', draw);
    draw();
    el.classList.add('as-Host');
    const showForm = hideForm(model.get('form'));
    el.append(root);
    return () => {
      model.off('change:differences', draw);
      showForm();
    };
  }
};
