/** The plugins that JupyterLab and Notebook 7 load. */
import { compareRuns } from './plugins/compare_runs';
import { notifications } from './plugins/notifications';
import { runsBar } from './plugins/runs_bar';
import { savedWidgets } from './plugins/saved_widgets';
import { trackCell } from './plugins/track_cell';

export default [trackCell, savedWidgets, notifications, compareRuns, runsBar];
