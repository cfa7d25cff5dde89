/** anywidget host of the curves: those read before as a trait, new points as messages. */
import type { AnyModel, InitializeProps, RenderProps } from '@anywidget/types';
import type { Curve, Mark, View } from '../contract';
import { Colors } from '../views/colors';
import { CurvesView, type CurvesState } from '../views/curves';
import { el } from '../views/dom';
import { LiveLines } from '../views/live';
import { drawMarkLines } from '../views/marks';
import { decode } from '../views/series';
import { KernelBackend } from '../kernel';
import { hideForm } from '../static_form';

interface Traits {
  curves: Curve[];
  names: { [run_id: string]: string };
  view: View;
  marks: Mark[];
  form: string;
}

/** One for each widget: the points that have come, whether anyone looks or not. */
export default () => {
  const live = new LiveLines();
  const viewers = new Set<() => void>();
  const tell = (): void => viewers.forEach(viewer => viewer());

  return {
    initialize({ model }: InitializeProps<Traits>): () => void {
      const take = (): void => {
        live.replace(model.get('curves').map(decode));
        tell();
      };
      const backend = new KernelBackend(model as AnyModel, points => {
        live.extend(points.curves.map(decode));
        tell();
      });
      model.on('change:curves', take);
      take();
      return () => backend.stop();
    },

    render({ model, el: host }: RenderProps<Traits>): () => void {
      const view = new Host(model, live);
      host.classList.add('as-Host');
      const showForm = hideForm(model.get('form'));
      host.append(view.element);
      viewers.add(view.show);
      view.show();
      return () => {
        viewers.delete(view.show);
        view.destroy();
        showForm();
      };
    }
  };
};

class Host {
  readonly element: HTMLElement;
  private readonly colors = new Colors();
  private readonly backend: KernelBackend;
  private readonly curves: CurvesView;
  private hovered: string | null = null;
  private readonly lines = el('div', { class: 'as-CurveFindings', role: 'status', 'aria-label': 'Findings' });

  constructor(
    private readonly model: AnyModel<Traits>,
    private readonly live: LiveLines
  ) {
    this.backend = new KernelBackend(model as AnyModel);
    this.curves = new CurvesView(this.state(), {
      change: view => this.look(view),
      hover: run_id => {
        this.hovered = run_id;
        this.curves.update(this.curves.withHovered(run_id));
      },
      zoom: range => void this.zoom(range)
    }, this.colors);
    this.element = el('div', { class: 'as-Root as-CurvesWidget' }, this.curves.element, this.lines);
    model.on('change:names', this.show);
    model.on('change:marks', this.showMarks);
    this.showMarks();
  }

  readonly show = (): void => {
    this.colors.assign([...new Set(this.live.all.map(line => line.run_id))]);
    this.curves.update(this.state());
    this.curves.setLines(this.live.all);
  };

  destroy(): void {
    this.model.off('change:names', this.show);
    this.model.off('change:marks', this.showMarks);
    this.backend.stop();
    this.curves.destroy();
  }

  private readonly showMarks = (): void => {
    const lines = drawMarkLines(this.model.get('marks'), metric => this.look({ metric }));
    this.lines.replaceChildren(...lines);
    this.curves.update(this.state());
  };

  private look(view: Partial<View>): void {
    this.model.set('view', { ...this.model.get('view'), ...view });
    this.model.save_changes();
    this.show();
  }

  private state(): CurvesState {
    const { metric, x_axis, is_log, smoothing } = this.model.get('view');
    const { metrics } = this.live;
    return {
      metrics,
      metric: metric && metrics.includes(metric) ? metric : (metrics[0] ?? null),
      x_axis,
      is_log,
      smoothing,
      names: new Map(Object.entries(this.model.get('names'))),
      hovered: this.hovered,
      marks: this.model.get('marks'),
      note: null,
      empty: 'No points yet: aseptic.log(loss=…, step=…) in this cell draws them here.'
    };
  }

  private async zoom(range: { min: number; max: number } | null): Promise<void> {
    if (!range) {
      this.curves.setLines(this.live.all);
      return;
    }
    const { metric, x_axis } = this.state();
    const run_ids = [...new Set(this.live.all.map(line => line.run_id))];
    const reply = await this.backend.ask({
      type: 'series', run_ids, metric, x_axis, x_min: range.min, x_max: range.max, points: 1000
    });
    if (reply.type === 'series') {
      this.curves.setLines(reply.curves.map(decode), true);
    }
  }
}
