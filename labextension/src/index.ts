/** The plugins that JupyterLab and Notebook 7 load. */
import { compareRuns } from './plugins/compare_runs';
import { runsBar } from './plugins/runs_bar';
import { savedWidgets } from './plugins/saved_widgets';
import { trackCell } from './plugins/track_cell';

export default [trackCell, savedWidgets, compareRuns, runsBar];
