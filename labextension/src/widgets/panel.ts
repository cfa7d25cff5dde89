/** anywidget host of the panel: its traits are the panel's state. */
import type { AnyModel, RenderProps } from '@anywidget/types';
import type { Ask, PanelHost, PanelState } from '../api';
import type { Curve, Differences, Reply, RunFindings, RunTable, View } from '../contract';
import { PanelView } from '../views/panel';
import { KernelBackend } from '../kernel';
import { hideForm } from '../static_form';

interface Traits {
  table: RunTable;
  selected: string[];
  baseline: string | null;
  query: string;
  view: View;
  curves: Curve[];
  differences: Differences | null;
  findings: RunFindings[];
  form: string;
}

const STATE = ['table', 'selected', 'baseline', 'query', 'view'] as const;

class ModelHost implements PanelHost {
  readonly canAcknowledge = true;
  private readonly backend: KernelBackend;

  constructor(private readonly model: AnyModel<Traits>) {
    this.backend = new KernelBackend(model);
  }

  get state(): PanelState {
    const [table, selected, baseline, query, view] = STATE.map(name => this.model.get(name));
    return { table, selected, baseline, query, view } as PanelState;
  }

  change(state: Partial<Omit<PanelState, 'table'>>): void {
    for (const [name, value] of Object.entries(state)) {
      this.model.set(name as keyof Traits, value as never);
    }
    this.model.save_changes();
  }

  subscribe(changed: () => void): () => void {
    STATE.forEach(name => this.model.on(`change:${name}`, changed));
    return () => STATE.forEach(name => this.model.off(`change:${name}`, changed));
  }

  ask(request: Ask): Promise<Reply> {
    return this.backend.ask(request);
  }

  stop(): void {
    this.backend.stop();
  }
}

export default {
  render({ model, el }: RenderProps<Traits>): () => void {
    const host = new ModelHost(model);
    const panel = new PanelView(host);
    el.classList.add('as-Host');
    const showForm = hideForm(model.get('form'));
    el.append(panel.element);
    panel.restore(model.get('curves'), model.get('differences'), model.get('findings') ?? []);
    panel.attach();
    return () => {
      panel.destroy();
      host.stop();
      showForm();
    };
  }
};
