/** Which columns the run table shows, in which order and how wide. No drawing. */
import type { View } from '../contract';
import type { ColumnData, TableData } from './table_data';

export interface PlannedColumn {
  key: string;
  /** The column's data; for the delta column, that of the metric it is about. */
  data: ColumnData;
  role: 'name' | 'delta' | 'plain';
  width: number;
  isPinned: boolean;
  isNumeric: boolean;
  /** Texts take no more than they need, however much room there is. */
  isText: boolean;
  isFocus: boolean;
}

export const DELTA = 'delta';

/** Shown as a dot, a star or a chip beside the name, so not as a column. */
const IN_NAME = new Set(['is_starred', 'is_baseline', 'status', 'state', 'git_dirty']);
/** Shown whether the runs differ in them or not. */
const ALWAYS = new Set(['name', 'started_at', 'duration_s']);
/** The run fields that stand after params and data. */
const LAST = ['git_commit', 'tags', 'note', 'experiment', 'notebook', 'duration_s'];
const [NARROW, WIDE] = [58, 180];
const WIDEST_LABEL = 160;
const PADDING = 18;
/** " ↓2" in a heading. */
const ARROW = 26;
const SAMPLE = 200;
/** What bold figures add. */
const BOLD = 8;

/** The metric that the eye is on: the first that the table is sorted by, else the main one. */
export function focusMetric(data: TableData, view: View): string | null {
  const sorted = view.sort.find(sort => data.byKey.get(sort.key)?.column.group === 'metrics');
  const key = sorted?.key ?? data.table.main_metric;
  return key && data.byKey.has(key) ? key : null;
}

/** The columns to draw, from left to right, the run's name first. */
export function planColumns(data: TableData, view: View, hasBaseline: boolean): PlannedColumn[] {
  const focus = focusMetric(data, view);
  const keys = choosable(data)
    .map(column => column.column.key)
    .filter(key => isShown(data, view, key, focus));
  const ordered = inOrder(keys, view, focus);
  const columns = ordered.map(key => plan(data.byKey.get(key)!, view, focus));
  const at = columns.findIndex(column => column.isFocus);
  if (hasBaseline && at >= 0) {
    columns.splice(at + 1, 0, deltaColumn(columns[at]));
  }
  return columns;
}

/** The columns that someone may show or hide. */
export function choosable(data: TableData): ColumnData[] {
  return data.columns.filter(({ column }) => !IN_NAME.has(column.key));
}

/** Whether a column is drawn: as chosen by hand, else if it tells the runs apart. */
export function isShown(data: TableData, view: View, key: string, focus: string | null): boolean {
  if (key === 'name' || key in view.shown) {
    return key === 'name' || view.shown[key];
  }
  const { column } = data.byKey.get(key)!;
  if (column.kind === 'findings') {
    return hasAny(data, key); // what all runs have in common is no less wrong
  }
  if (ALWAYS.has(key) || key === focus || view.pinned.includes(key)) {
    return true;
  }
  return view.only_differs ? column.differs : hasAny(data, key);
}

/** The view with one column moved to the place of another. */
export function moved(columns: PlannedColumn[], key: string, to: string): string[] {
  const keys = columns.filter(column => column.role !== 'delta').map(column => column.key);
  const target = keys.indexOf(to);
  const without = keys.filter(other => other !== key);
  without.splice(Math.max(target, 1), 0, key);
  return without;
}

function hasAny(data: TableData, key: string): boolean {
  const column = data.byKey.get(key)!;
  return data.table.run_ids.some((_, row) => {
    const value = column.value(row);
    return value !== undefined && !(Array.isArray(value) && !value.length);
  });
}

function inOrder(keys: string[], view: View, focus: string | null): string[] {
  const rank = (key: string): number => {
    if (key === 'name') {
      return -2e6;
    }
    if (view.pinned.includes(key)) {
      return view.pinned.indexOf(key) - 1e6;
    }
    const place = view.order.indexOf(key);
    return place >= 0 ? place - 1e5 : naturalRank(key, focus);
  };
  return keys
    .map((key, i) => ({ key, i, rank: rank(key) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ key }) => key);
}

function naturalRank(key: string, focus: string | null): number {
  if (key === 'started_at') {
    return 0;
  }
  if (key === focus) {
    return 1;
  }
  if (key === 'findings') {
    return 1.5; // what is wrong with a run is read with how good it was
  }
  const group = ['metrics.', 'params.', 'data.'].findIndex(prefix => key.startsWith(prefix));
  return group >= 0 ? 2 + group : 10 + LAST.indexOf(key);
}

function plan(data: ColumnData, view: View, focus: string | null): PlannedColumn {
  const { column } = data;
  return {
    key: column.key,
    data,
    role: column.key === 'name' ? 'name' : 'plain',
    width: column.key === 'name' ? 210 : widthOf(data) + (column.key === focus ? BOLD : 0),
    isPinned: column.key === 'name' || view.pinned.includes(column.key),
    isNumeric: column.kind === 'number',
    isText: column.kind === 'text' || column.kind === 'digest',
    isFocus: column.key === focus
  };
}

function deltaColumn(focus: PlannedColumn): PlannedColumn {
  return { ...focus, key: DELTA, role: 'delta', width: 128, isNumeric: false, isFocus: false };
}

/** Wide enough for the heading and a sample of the values, within limits. */
function widthOf(data: ColumnData): number {
  let width = widths.get(data);
  if (width === undefined) {
    width = measure(data);
    widths.set(data, width);
  }
  return width;
}

const widths = new WeakMap<ColumnData, number>();

function measure(data: ColumnData): number {
  const values = data.column.values;
  const rows = values instanceof DataView ? values.byteLength / 8 : values.length;
  let longest = 0;
  const star = data.column.key === 'git_commit' ? 1 : 0; // of uncommitted changes
  const stride = Math.max(1, Math.floor(rows / SAMPLE));
  for (let row = 0; row < rows; row += stride) {
    longest = Math.max(longest, data.text(row).length + star + chips(data, row));
  }
  const values_px = Math.min(longest * 7.3 + PADDING + 2, WIDE);
  const label_px = Math.min(textWidth(data.column.label), WIDEST_LABEL) + PADDING + ARROW;
  return Math.max(values_px, label_px, NARROW);
}

/** What the edges of chips add to their texts, in letters. */
function chips(data: ColumnData, row: number): number {
  const value = data.value(row);
  return Array.isArray(value) ? value.length : 0;
}

/** Pixels that a label takes, rather too many: fonts differ, and a cut label says nothing. */
function textWidth(text: string): number {
  return [...text].reduce((sum, letter) => sum + letterWidth(letter), 0);
}

function letterWidth(letter: string): number {
  const [, width] = LETTERS.find(([letters]) => letters.test(letter)) ?? [null, 7.8];
  return width;
}

const LETTERS: [RegExp, number][] = [
  [/[mwMW@%]/, 12.5],
  [/[ijl.,:;'|!()[\]]/, 4.5],
  [/[A-Z]/, 9.5],
  [/[\u2e80-\uffff]/, 14]
];
