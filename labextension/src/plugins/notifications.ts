/**
 * Notifications of findings and of ends of runs, from the kernels of the notebooks that are open.
 *
 * Nothing is asked for: a finding that appears while a cell runs comes as a message of the widget
 * that shows the curves, and the end of a run as the transient part of its card's message. Neither
 * is ever in a saved notebook, so nothing is told of what others have run.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification as Toast } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { noticesIn, type Notice, type Wanted } from '../notices';

const ID = 'aseptic:notifications';

interface Message {
  header: { msg_type: string };
  content: unknown;
}

interface Settings extends Wanted {
  desktop: boolean;
}

export const notifications: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Tells of findings and of runs that have ended.',
  autoStart: true,
  requires: [INotebookTracker, ISettingRegistry],
  activate: async (_app: JupyterFrontEnd, notebooks: INotebookTracker, registry: ISettingRegistry) => {
    const settings = await registry.load(ID);
    const told = new Set<string>();
    let wanted = settings.composite as unknown as Settings;
    settings.changed.connect(() => {
      const isTurnedOn = !wanted.desktop && settings.composite.desktop === true;
      wanted = settings.composite as unknown as Settings;
      if (isTurnedOn) {
        void askPermission();
      }
    });
    notebooks.widgetAdded.connect((_, panel) => {
      panel.sessionContext.iopubMessage.connect((_context, message) => {
        for (const notice of noticesIn(message as unknown as Message, wanted)) {
          if (!told.has(notice.key)) {
            told.add(notice.key);
            tell(notice, panel.title.label, wanted.desktop);
          }
        }
      });
    });
  }
};

function tell({ key, text, level }: Notice, notebook: string, onDesktop: boolean): void {
  if (onDesktop && 'Notification' in window && Notification.permission === 'granted') {
    new Notification(`aseptic: ${notebook}`, { body: text, tag: key });
  } else {
    Toast.emit(text, level, { autoClose: level === 'error' ? false : 8000 });
  }
}

/** Asked only when a person turns notifications of the desktop on. */
async function askPermission(): Promise<void> {
  const answer = 'Notification' in window ? await Notification.requestPermission() : 'denied';
  if (answer !== 'granted') {
    Toast.emit('The browser does not allow notifications of the desktop: they are shown here.', 'warning', { autoClose: 8000 });
  }
}
