/** The plugins that JupyterLab and Notebook 7 load. */
import { savedWidgets } from './plugins/saved_widgets';
import { trackCell } from './plugins/track_cell';

export default [trackCell, savedWidgets];
