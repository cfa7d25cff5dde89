/**
 * What crosses between Python and the browser. Written by `make contract` from
 * src/aseptic/contract.py: change that.
 */

/** A recorded value. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

export type Direction = 'max' | 'min';
export type Severity = 'info' | 'warning' | 'error';
export type RunStatus = 'running' | 'finished' | 'failed' | 'interrupted' | 'lost';
export type Group = 'run' | 'params' | 'metrics' | 'data' | 'git';
export type ColumnKind = 'number' | 'text' | 'time' | 'bool' | 'tags' | 'digest' | 'status' | 'state' | 'findings';
export type XAxis = 'step' | 'time' | 'wall';
export type SectionKind = 'data' | 'params' | 'code' | 'environment' | 'git' | 'metrics';
export type Action = Star | Tag | SetNote | Rename | Acknowledge | SetBaseline | Trash | Restore;
export type Request = SeriesRequest | DifferencesRequest | FindingsRequest | QueryRequest | Star | Tag | SetNote | Rename | Acknowledge | SetBaseline | Trash | Restore;
export type Reply = SeriesReply | DifferencesReply | FindingsReply | Done | Failed | Points | Found;

/**
 * One column of the run table, with one value a run.
 *
 * `key` is `params.C`, `metrics.acc`, `data.X_train` or a run field such as `status`. A number
 * column travels as float64 bytes (NaN where missing); every other one as a list (null where
 * missing). A param with several values, or with mixed types, is text.
 */
export interface Column {
  key: string;
  label: string;
  group: Group;
  kind: ColumnKind;
  direction: Direction | null;
  differs: boolean;
  is_integer: boolean;
  values: DataView | unknown[];
  severities: Severity[][];
}

/** Runs side by side, newest first. */
export interface RunTable {
  project: string;
  run_ids: string[];
  columns: Column[];
  total: number;
  main_metric: string | null;
}

/**
 * One series, reduced to what a screen can show; arrays as float64 bytes of equal length.
 *
 * Where points were merged, `low` and `high` hold the extremes of each bucket, and `value` its
 * last point.
 */
export interface Curve {
  run_id: string;
  metric: string;
  count: number;
  step: DataView;
  time_s: DataView;
  value: DataView;
  low: DataView | null;
  high: DataView | null;
}

/** What a check found in a run, and where on which curve it began, if it is seen on one. */
export interface Mark {
  run_id: string;
  code: string;
  name: string;
  severity: Severity;
  message: string;
  metric: string | null;
  step: number | null;
}

/** One thing that differs between two runs. */
export interface Change {
  name: string;
  kind: 'changed' | 'added' | 'removed';
  before: Value;
  after: Value;
  delta: number | null;
  is_better: boolean | null;
  note: string | null;
}

/** One row of a side-by-side diff of code; a side without a line is None. */
export interface DiffLine {
  kind: 'same' | 'changed' | 'added' | 'removed' | 'skipped';
  before_line: number | null;
  after_line: number | null;
  before: string | null;
  after: string | null;
}

/** What differs in one respect; `same` counts what does not. */
export interface DiffSection {
  kind: SectionKind;
  changes: Change[];
  same: number;
  lines: DiffLine[];
  note: string | null;
}

/** What changed from run `before` to run `after`, what matters most first. */
export interface Differences {
  before: string;
  after: string;
  before_name: string;
  after_name: string;
  sections: DiffSection[];
}

/** The numbers of one series of a small plot; null where one is NaN or infinite. */
export interface PlotSeries {
  name: string;
  values: (number | null)[];
}

/** What a finding shows beside its numbers: bars by label, or lines over numbers. */
export interface FindingPlot {
  kind: 'bars' | 'lines';
  labels: string[];
  at: (number | null)[];
  series: PlotSeries[];
  axes: string;
}

/** One finding, to be read. */
export interface ShownFinding {
  code: string;
  name: string;
  severity: Severity;
  message: string;
  numbers: [string, string][];
  remedy: string | null;
  subject: string | null;
  acknowledged: string | null;
  plot: FindingPlot | null;
  url: string | null;
  metric: string | null;
  step: number | null;
}

/** What checks found in one run, the most severe first, and why others were silent. */
export interface RunFindings {
  run_id: string;
  findings: ShownFinding[];
  clean: number;
  silent: [string, string][];
}

/** One column that the table is sorted by. */
export interface Sort {
  key: string;
  is_descending: boolean;
}

/** How someone looks at the panel: kept with the widget, so that a saved one opens the same. */
export interface View {
  sort: Sort[];
  filters: { [name: string]: string };
  shown: { [name: string]: boolean };
  order: string[];
  pinned: string[];
  only_differs: boolean;
  metric: string | null;
  x_axis: XAxis;
  is_log: boolean;
  smoothing: number;
}

/** Asks for the curves of a metric; `x_min` and `x_max` in units of `x_axis` when zoomed. */
export interface SeriesRequest {
  type: 'series';
  request_id: number;
  run_ids: string[];
  metric: string | null;
  x_axis: XAxis;
  x_min: number | null;
  x_max: number | null;
  points: number;
}

/** Asks what changed between two runs. */
export interface DifferencesRequest {
  type: 'differences';
  request_id: number;
  before: string;
  after: string;
}

/** Asks what checks found in some runs. */
export interface FindingsRequest {
  type: 'findings';
  request_id: number;
  run_ids: string[];
}

/** Asks for the table of the runs that a query selects. */
export interface QueryRequest {
  type: 'query';
  request_id: number;
  query: string;
}

/** Stars runs, or takes the star away. */
export interface Star {
  type: 'star';
  request_id: number;
  run_ids: string[];
  is_starred: boolean;
}

/** Adds and removes tags. */
export interface Tag {
  type: 'tag';
  request_id: number;
  run_ids: string[];
  add: string[];
  remove: string[];
}

/** Replaces the note of a run. */
export interface SetNote {
  type: 'note';
  request_id: number;
  run_id: string;
  note: string | null;
}

/** Gives a run another name. */
export interface Rename {
  type: 'rename';
  request_id: number;
  run_id: string;
  name: string;
}

/** Leaves what a check found in a run as it is, for a reason. */
export interface Acknowledge {
  type: 'acknowledge';
  request_id: number;
  run_id: string;
  code: string;
  subject: string | null;
  reason: string;
}

/** Makes a run the baseline of its experiment; None: the panel compares with none. */
export interface SetBaseline {
  type: 'baseline';
  request_id: number;
  run_id: string | null;
}

/** Puts runs into the trash. */
export interface Trash {
  type: 'trash';
  request_id: number;
  run_ids: string[];
}

/** Takes runs out of the trash. */
export interface Restore {
  type: 'restore';
  request_id: number;
  run_ids: string[];
}

/** The curves asked for. */
export interface SeriesReply {
  type: 'series';
  request_id: number;
  curves: Curve[];
}

/** What changed. */
export interface DifferencesReply {
  type: 'differences';
  request_id: number;
  differences: Differences;
}

/** What checks found, a run each. */
export interface FindingsReply {
  type: 'findings';
  request_id: number;
  runs: RunFindings[];
}

/** The query or action asked for was done; the table has been sent anew. */
export interface Done {
  type: 'done';
  request_id: number;
}

/** What was asked for could not be done; the message says why, in one line. */
export interface Failed {
  type: 'failed';
  request_id: number;
  message: string;
}

/** New points, as they were logged: curves that continue those sent before. */
export interface Points {
  type: 'points';
  curves: Curve[];
}

/** A check has found something in a run that goes on: for whoever notifies people. */
export interface Found {
  type: 'found';
  run_name: string;
  mark: Mark;
}

/** How a run ended: it goes with the card of its cell, and is not saved with the notebook. */
export interface RunEnded {
  run_id: string;
  run_name: string;
  status: RunStatus;
  findings: Mark[];
}
