/** The command "Track this cell": the tag `run` makes a cell a run, with no change of its text. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker } from '@jupyterlab/notebook';
import { LabIcon } from '@jupyterlab/ui-components';

const COMMAND = 'aseptic:track-cell';
const TAG = 'run';

/** A ring with a filled dot: a cell that is recorded. */
const icon = new LabIcon({
  name: 'aseptic:track',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
    '<circle class="jp-icon3" cx="8" cy="8" r="3" fill="#616161"/>' +
    '<path class="jp-icon3" fill="#616161" d="M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.3a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 8 2.8z"/>' +
    '</svg>'
});

export const trackCell: JupyterFrontEndPlugin<void> = {
  id: 'aseptic:plugin',
  description: 'Marks notebook cells as runs.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, notebooks: INotebookTracker, palette: ICommandPalette | null) => {
    const cells = () => selectedCodeCells(notebooks);
    app.commands.addCommand(COMMAND, {
      label: 'Track this cell (tag `run`)',
      caption: 'Track this cell: each execution becomes a run (tag `run`)',
      icon,
      isEnabled: () => cells().length > 0,
      isToggled: () => cells().length > 0 && cells().every(isTracked),
      execute: () => {
        setTracked(cells(), !cells().every(isTracked));
        app.commands.notifyCommandChanged(COMMAND);
      }
    });
    palette?.addItem({ command: COMMAND, category: 'Aseptic' });
    notebooks.selectionChanged.connect(() => app.commands.notifyCommandChanged(COMMAND));
    notebooks.activeCellChanged.connect(() => app.commands.notifyCommandChanged(COMMAND));
  }
};

function selectedCodeCells(notebooks: INotebookTracker): Cell[] {
  const notebook = notebooks.currentWidget?.content;
  if (!notebook) {
    return [];
  }
  return notebook.widgets.filter(
    cell => cell.model.type === 'code' && notebook.isSelectedOrActive(cell)
  );
}

function tagsOf(cell: Cell): string[] {
  const tags: unknown = cell.model.getMetadata('tags');
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [];
}

function isTracked(cell: Cell): boolean {
  return tagsOf(cell).includes(TAG);
}

function setTracked(cells: Cell[], tracked: boolean): void {
  for (const cell of cells) {
    const others = tagsOf(cell).filter(tag => tag !== TAG);
    const tags = tracked ? [...others, TAG] : others;
    if (tags.length) {
      cell.model.setMetadata('tags', tags);
    } else {
      cell.model.deleteMetadata('tags');
    }
  }
}
