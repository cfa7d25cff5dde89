/** The plugins that JupyterLab and Notebook 7 load. */
import { trackCell } from './plugins/track_cell';

export default [trackCell];
