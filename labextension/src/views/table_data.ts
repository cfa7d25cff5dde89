/** The run table as data: values by row and column, deltas, filters. No drawing. */
import type { Column, RunTable } from '../contract';
import { agoText, digestText, durationText, metricText, paramText } from './format';

/** A value of one run: a number, else what Python sent; undefined where it has none. */
export type Cell = number | string | boolean | string[] | undefined;

export interface ColumnData {
  column: Column;
  /** The value of a row; undefined where there is none (a NaN was logged). */
  value(row: number): Cell;
  /** The value as it reads in one line; '–' where there is none. */
  text(row: number): string;
}

export interface TableData {
  table: RunTable;
  columns: ColumnData[];
  byKey: Map<string, ColumnData>;
  rowOf: Map<string, number>;
}

/** Low word of the NaN that means "missing" (see contract.Column). */
const MISSING = 1954;
export const NOTHING = '–';

export function tableData(table: RunTable): TableData {
  const columns = table.columns.map(columnData);
  return {
    table,
    columns,
    byKey: new Map(columns.map(data => [data.column.key, data])),
    rowOf: new Map(table.run_ids.map((run_id, row) => [run_id, row]))
  };
}

function columnData(column: Column): ColumnData {
  const value = column.values instanceof DataView ? numbers(column.values) : listed(column.values);
  return { column, value, text: row => cellText(column, value(row)) };
}

function numbers(view: DataView): (row: number) => Cell {
  return row => {
    const value = view.getFloat64(row * 8, true);
    const isMissing = Number.isNaN(value) && view.getUint32(row * 8, true) === MISSING;
    return isMissing ? undefined : value;
  };
}

function listed(values: unknown[]): (row: number) => Cell {
  return row => (values[row] ?? undefined) as Cell;
}

/** The text of one value of a column. */
export function cellText(column: Column, value: Cell): string {
  if (value === undefined) {
    return NOTHING;
  }
  if (typeof value === 'number') {
    return numberText(column, value);
  }
  if (column.kind === 'digest') {
    return column.group === 'git' ? String(value).slice(0, 7) : digestText(String(value));
  }
  if (Array.isArray(value)) {
    return value.join(', ');
  }
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
}

function numberText(column: Column, value: number): string {
  if (column.kind === 'time') {
    return agoText(value, Date.now() / 1000);
  }
  if (column.key === 'duration_s') {
    return durationText(value);
  }
  return column.group === 'metrics'
    ? metricText(value, column.is_integer)
    : paramText(value, column.is_integer);
}

/** How a metric stands against the baseline's; `isBetter` is null where that cannot be said. */
export interface Delta {
  delta: number;
  isBetter: boolean | null;
}

export function deltaOf(column: ColumnData, row: number, baseline: number): Delta | null {
  const value = column.value(row);
  const other = column.value(baseline);
  if (typeof value !== 'number' || typeof other !== 'number' || row === baseline) {
    return null;
  }
  const delta = value - other;
  if (!Number.isFinite(delta)) {
    return null;
  }
  const { direction } = column.column;
  const isBetter = direction && delta !== 0 ? delta > 0 === (direction === 'max') : null;
  return { delta, isBetter };
}

/** The largest distance from the baseline: the length of a full bar. */
export function largestDelta(column: ColumnData, rows: number, baseline: number): number {
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    largest = Math.max(largest, Math.abs(deltaOf(column, row, baseline)?.delta ?? 0));
  }
  return largest;
}

/** Compares for sorting: numbers by size with NaN last, the rest as text, "run10" after "run9". */
export function compareCells(a: Cell, b: Cell): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a - b || Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || 0;
  }
  return COLLATOR.compare(String(a ?? ''), String(b ?? ''));
}

const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export type Test = (value: Cell, text: string) => boolean;

/**
 * The test that a filter's text means, or null where it says nothing.
 *
 * `> 0.9`, `<= 3`, `= 10`, `!= SVC`, `0.1..0.3`; other text is looked for, in any case; `-` finds
 * what has no value.
 */
export function parseFilter(text: string): Test | null {
  const trimmed = text.trim();
  if (!trimmed) {
    return null;
  }
  if (trimmed === '-' || trimmed === NOTHING) {
    return value => value === undefined || value === '';
  }
  const range = /^(-?[\d.]+(?:e[+-]?\d+)?)\s*\.\.\s*(-?[\d.]+(?:e[+-]?\d+)?)$/i.exec(trimmed);
  if (range) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return value => typeof value === 'number' && value >= low && value <= high;
  }
  const comparison = /^(<=|>=|!=|==|=|<|>)\s*(.*)$/.exec(trimmed);
  return comparison ? compared(comparison[1], comparison[2]) : contains(trimmed);
}

function compared(sign: string, wanted: string): Test | null {
  if (!wanted) {
    return null;
  }
  if (sign === '=' || sign === '==') {
    return (value, text) => isSame(value, text, wanted);
  }
  if (sign === '!=') {
    return (value, text) => !isSame(value, text, wanted);
  }
  const limit = Number(wanted);
  const tests: { [sign: string]: (value: number) => boolean } = {
    '<': value => value < limit,
    '<=': value => value <= limit,
    '>': value => value > limit,
    '>=': value => value >= limit
  };
  return value => typeof value === 'number' && tests[sign](value);
}

function isSame(value: Cell, text: string, wanted: string): boolean {
  if (typeof value === 'number') {
    return value === Number(wanted) || text === wanted;
  }
  if (Array.isArray(value)) {
    return value.includes(wanted);
  }
  return text.toLowerCase() === wanted.toLowerCase();
}

function contains(wanted: string): Test {
  const lower = wanted.toLowerCase();
  return (_value, text) => text.toLowerCase().includes(lower);
}
