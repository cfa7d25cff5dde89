/** The side bar "Runs": the runs of this notebook or project, live, with or without a kernel. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { LabIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import type { Run } from '../run';
import { Server } from '../server';
import { ServerHost } from '../server_host';
import { el } from '../views/dom';
import { RunListView } from '../views/run_list';
import { COMPARE } from './compare_runs';

const icon = new LabIcon({
  name: 'aseptic:runs',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
    '<g class="jp-icon3" fill="#616161"><circle cx="3" cy="3.700" r="1.600"/><circle cx="3" cy="8" r="1.600"/><circle cx="3" cy="12.300" r="1.600"/>' +
    '<path d="M6.500 3h8v1.400h-8zM6.500 7.300h8v1.400h-8zM6.500 11.600h8v1.400h-8z"/></g></svg>'
});

export const runsBar: JupyterFrontEndPlugin<void> = {
  id: 'aseptic:runs-bar',
  description: 'Lists the runs of the notebook in the left side bar.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, notebooks: INotebookTracker, restorer: ILayoutRestorer | null) => {
    const bar = new RunsBar(app, notebooks);
    app.shell.add(bar, 'left', { rank: 300 });
    restorer?.add(bar, 'aseptic-runs');
  }
};

class RunsBar extends Widget {
  private readonly search = el('input', { class: 'as-Query', type: 'search', placeholder: 'Search runs', 'aria-label': 'Search runs' });
  private readonly scope = el('select', { class: 'as-Select', 'aria-label': 'Which runs' },
    el('option', { value: 'notebook' }, 'This notebook'), el('option', { value: 'project' }, 'This project'));
  private readonly compare = el('button', { class: 'as-Button', onclick: () => this.openCompare() }, 'Compare');
  private readonly message = el('div', { class: 'as-Message', role: 'status', hidden: true });
  private readonly body = el('div', { class: 'as-RunsBar-body' });
  private list: RunListView | null = null;
  private host: ServerHost | null = null;
  private shownAt: string | null = null;
  private isShown = false;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly notebooks: INotebookTracker
  ) {
    super();
    this.id = 'aseptic-runs';
    this.title.icon = icon;
    this.title.caption = 'Runs';
    this.addClass('as-RunsBar');
    this.search.addEventListener('input', () => this.list?.setSearch(this.search.value));
    this.scope.addEventListener('change', () => void this.show_(true));
    notebooks.currentChanged.connect(() => void this.show_());
  }

  protected onAfterShow(): void {
    this.isShown = true;
    if (!this.node.hasChildNodes()) { // most who open JupyterLab do not open the bar
      this.node.append(
        el('div', { class: 'as-Root as-RunsBar-root' },
          el('div', { class: 'as-RunsBar-head' }, this.search, el('div', { class: 'as-RunsBar-tools' }, this.scope, this.compare)),
          this.message, this.body));
    }
    void this.show_();
  }

  protected onAfterHide(): void {
    this.isShown = false; // nothing is asked for what nobody sees
    this.close_();
  }

  dispose(): void {
    this.close_();
    super.dispose();
  }

  private get path(): string {
    return this.notebooks.currentWidget?.context.path ?? '';
  }

  private close_(): void {
    this.host?.stop();
    this.host = null;
    this.list = null;
    this.shownAt = null;
  }

  private async show_(isForced = false): Promise<void> {
    if (!this.isShown || (this.shownAt === this.path && !isForced)) {
      return;
    }
    this.close_();
    const at = (this.shownAt = this.path);
    const isNotebook = this.scope.value === 'notebook' && at.endsWith('.ipynb');
    try {
      const host = await ServerHost.open(new Server(at), {}, isNotebook ? { of_notebook: true } : {});
      if (this.shownAt !== at) {
        host.stop();
        return;
      }
      this.host = host;
      this.list = new RunListView(host.state.table, this.events(host));
      this.list.setSearch(this.search.value);
      this.body.replaceChildren(this.list.element);
      host.subscribe(() => this.update_());
      this.update_();
    } catch (error) {
      this.body.replaceChildren(el('div', { class: 'as-Nothing' }, error instanceof Error ? error.message : String(error)));
      this.shownAt = null;
      setTimeout(() => this.isShown && !this.host && void this.show_(), 2000);
    }
  }

  private update_(): void {
    const { table, selected } = this.host!.state;
    this.list!.setTable(table);
    this.list!.setSelected(selected);
    this.compare.textContent = selected.length ? `Compare ${selected.length}` : 'Compare all';
    if (!table.run_ids.length) {
      this.body.replaceChildren(el('div', { class: 'as-Nothing' }, 'No runs here yet: mark a cell with the ring in its toolbar, and execute it.'));
    } else if (!this.body.contains(this.list!.element)) {
      this.body.replaceChildren(this.list!.element);
    }
  }

  private events(host: ServerHost) {
    const act = (asked: Promise<unknown>): void => void asked.catch(error => this.say(String(error.message ?? error)));
    return {
      select: (selected: string[]) => host.change({ selected }),
      open: (run_id: string) => act(this.goTo(run_id)),
      star: (run_id: string, is_starred: boolean) => act(host.ask({ type: 'star', run_ids: [run_id], is_starred })),
      tag: (run_id: string, tag: string) => act(host.ask({ type: 'tag', run_ids: [run_id], add: [tag], remove: [] })),
      note: (run_id: string, note: string | null) => act(host.ask({ type: 'note', run_id, note })),
      rename: (run_id: string, name: string) => act(host.ask({ type: 'rename', run_id, name })),
      baseline: (run_id: string) => act(host.ask({ type: 'baseline', run_id })),
      trash: (run_id: string) => act(this.trash(host, run_id))
    };
  }

  private async trash(host: ServerHost, run_id: string): Promise<void> {
    await host.ask({ type: 'trash', run_ids: [run_id] });
    this.say('The run is in the trash.', () => void host.ask({ type: 'restore', run_ids: [run_id] }));
  }

  private say(text: string, undo: (() => void) | null = null): void {
    const close = (): void => {
      this.message.hidden = true;
    };
    this.message.replaceChildren(
      text,
      undo ? el('button', { class: 'as-Link', onclick: () => { close(); undo(); } }, 'Undo') : '',
      el('button', { class: 'as-Close', 'aria-label': 'Dismiss', onclick: close }, '×'));
    this.message.hidden = false;
  }

  private openCompare(): void {
    const selected = this.host?.state.selected ?? [];
    void this.app.commands.execute(COMPARE, selected.length ? { at: this.path, selected: [...selected] } : { at: this.path });
  }

  /** Shows the cell that made a run, or says that it has changed or gone. */
  private async goTo(run_id: string): Promise<void> {
    const run = await this.host!.server.run(run_id);
    this.message.hidden = true;
    const cell = run.cells[run.cells.length - 1];
    const panel = this.notebooks.currentWidget;
    if (!cell?.cell_id || !panel || !isNotebookOf(panel, run)) {
      const where = run.notebook ? `It was made by ${run.notebook}.` : 'It was made by no cell.';
      this.say(`${run.name}: ${where}`);
      return;
    }
    const { content } = panel;
    const place = content.widgets.findIndex(widget => widget.model.id === cell.cell_id);
    if (place < 0) {
      this.say(`${run.name}: the cell that made it is gone.`);
      return;
    }
    this.app.shell.activateById(panel.id);
    content.activeCellIndex = place;
    content.deselectAll();
    NotebookActions.focusActiveCell(content);
    await content.scrollToItem(place, 'smart');
    const now = content.widgets[place].model.sharedModel.getSource();
    if (cell.source && now !== cell.source) {
      this.say(`${run.name}: the cell has changed since.`);
    }
  }
}

function isNotebookOf(panel: NotebookPanel, run: Run): boolean {
  return run.notebook !== null && `/${panel.context.path}`.endsWith(`/${run.notebook}`);
}
