/**
 * A saved notebook whose kernel is gone shows the static form of aseptic's widgets.
 *
 * The renderer of widgets says "model not found" then. aseptic's outputs have a MIME type of their
 * own beside: its renderer shows the widget where there is one, else the HTML of the same output,
 * else nothing, since the static form is the next output.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel } from '@lumino/widgets';
import { hideForm } from '../static_form';

const OURS = 'application/vnd.aseptic.view+json';
const WIDGET = 'application/vnd.jupyter.widget-view+json';
const RANK = -20; // before that of widgets, -10
const PATIENCE_MS = 1500;

export const savedWidgets: JupyterFrontEndPlugin<void> = {
  id: 'aseptic:saved-widgets',
  description: 'Shows the static form of widgets whose kernel is gone.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, notebooks: INotebookTracker) => {
    notebooks.widgetAdded.connect((_, panel) => {
      const { rendermime } = panel.content;
      rendermime.addFactory(
        // safe: it leaves what is not to the renderers of HTML and of widgets
        { safe: true, mimeTypes: [OURS], createRenderer: () => new WidgetOrHtml(rendermime) },
        RANK
      );
    });
  }
};

class WidgetOrHtml extends Panel implements IRenderMime.IRenderer {
  private html: IRenderMime.IRenderer | null = null;
  private showForm: () => void = () => undefined;

  constructor(private readonly rendermime: IRenderMimeRegistry) {
    super();
  }

  dispose(): void {
    this.showForm();
    super.dispose();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.widgets.forEach(widget => widget.dispose());
    this.html = null;
    this.showForm();
    if (!model.trusted || !model.data[WIDGET] || !this.rendermime.getFactory(WIDGET)) {
      await this.showHtml(model);
      return;
    }
    const { form } = (model.data[OURS] ?? {}) as { form?: string };
    if (form) {
      this.showForm = hideForm(form); // until it is known whether the widget comes
    }
    const widget = this.rendermime.createRenderer(WIDGET);
    widget.hide();
    this.addWidget(widget);
    // the widget may come late, when the kernel has told its state; the error comes at once
    const observer = new MutationObserver(() => this.choose(widget, model));
    observer.observe(widget.node, { childList: true, subtree: true, characterData: true });
    widget.disposed.connect(() => observer.disconnect());
    setTimeout(() => this.choose(widget, model, true), PATIENCE_MS);
    await widget.renderModel(model);
    this.choose(widget, model);
  }

  private choose(widget: IRenderMime.IRenderer, model: IRenderMime.IMimeModel, isLate = false): void {
    if (widget.isDisposed) {
      return;
    }
    const isThere = widget.node.querySelector('.as-Root') !== null;
    const failed = /^Error displaying widget/.test(widget.node.textContent ?? '');
    widget.setHidden(!isThere);
    if (isThere || failed || isLate) {
      this.showForm(); // the widget hides it by itself
    }
    if (isThere) {
      this.html?.hide();
    } else if (failed || isLate) {
      void this.showHtml(model);
    }
  }

  private async showHtml(model: IRenderMime.IMimeModel): Promise<void> {
    if (this.html) {
      this.html.show();
      return;
    }
    if (!model.data['text/html']) {
      return;
    }
    this.html = this.rendermime.createRenderer('text/html');
    this.addWidget(this.html);
    await this.html.renderModel(model);
  }
}
