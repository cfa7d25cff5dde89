/** The tab "Compare runs": the panel of the widgets, fed by the server, so that it needs no kernel. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { LabIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import { Server } from '../server';
import { ServerHost, type Shown } from '../server_host';
import { PanelView } from '../views/panel';

export const COMPARE = 'aseptic:compare-runs';

/** Bars side by side. */
const icon = new LabIcon({
  name: 'aseptic:compare',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
    '<path class="jp-icon3" fill="#616161" d="M1.500 2h1.300v11.200h12V14.500H1.500zM4.500 8.500h2.200v3.700H4.500zM8 5h2.200v7.200H8zM11.500 6.800h2.200v5.400h-2.200z"/>' +
    '</svg>'
});

/** Which runs a tab begins with. */
interface Begin extends Partial<Shown> {
  at?: string;
}

/** The panel in a tab. It is made when the runs are known, and says so where there are none. */
class ComparePanel extends Widget {
  private view: PanelView | null = null;
  private host: ServerHost | null = null;

  constructor(
    private readonly server: Server,
    begin: Partial<Shown>,
    private readonly kept: () => void
  ) {
    super();
    this.addClass('as-Tab-host');
    void this.begin(begin);
  }

  /** What is needed to open it again. */
  get begun(): Begin {
    const shown = this.host?.shown;
    return { at: this.server.at, ...(shown ? { ...shown } : {}) };
  }

  dispose(): void {
    this.view?.destroy();
    this.host?.stop();
    super.dispose();
  }

  private async begin(shown: Partial<Shown>): Promise<void> {
    this.node.textContent = 'Reading the runs …';
    try {
      const host = await ServerHost.open(this.server, shown);
      if (this.isDisposed) {
        host.stop();
        return;
      }
      this.host = host;
      this.view = new PanelView(host);
      this.node.replaceChildren(this.view.element);
      this.view.attach();
      host.subscribe(this.kept);
    } catch (error) {
      this.node.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}

type Tab = MainAreaWidget<ComparePanel>;

export const compareRuns: JupyterFrontEndPlugin<void> = {
  id: 'aseptic:compare-runs',
  description: 'Compares runs in a tab.',
  autoStart: true,
  optional: [INotebookTracker, ILayoutRestorer, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    const tabs = new WidgetTracker<Tab>({ namespace: 'aseptic-compare' });
    app.commands.addCommand(COMPARE, {
      label: 'Compare Runs',
      caption: 'Compare the runs of this project: table, curves, differences, findings',
      icon: args => (args.isPalette ? undefined : icon),
      execute: args => {
        const { at = notebooks?.currentWidget?.context.path ?? '', ...shown } = args as Begin;
        const same = tabs.find(tab => tab.content.begun.at === at && !shown.selected);
        const tab = same ?? open(at, shown);
        app.shell.activateById(tab.id);
      }
    });
    const open = (at: string, shown: Partial<Shown>): Tab => {
      const content = new ComparePanel(new Server(at), shown, () => void tabs.save(tab));
      const tab: Tab = new MainAreaWidget({ content });
      tab.id = `aseptic-compare-${Date.now().toString(36)}-${tabs.size}`;
      tab.title.label = 'Compare runs';
      tab.title.icon = icon;
      tab.title.closable = true;
      app.shell.add(tab, 'main');
      void tabs.add(tab);
      return tab;
    };
    void restorer?.restore(tabs, {
      command: COMPARE,
      args: tab => ({ ...tab.content.begun }) as never,
      name: tab => tab.id
    });
    palette?.addItem({ command: COMPARE, category: 'Aseptic', args: { isPalette: true } });
    launcher?.add({ command: COMPARE, category: 'Other', rank: 10 });
  }
};
