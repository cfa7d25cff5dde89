/** The code of two runs side by side; one below the other where there is no room. Knows no host. */
import type { Differences, DiffLine } from '../contract';
import { el } from './dom';

/** A piece of a line; `isNew`: the other side does not have it. */
export interface Part {
  text: string;
  isNew: boolean;
}

/** Comparing words costs (words before) × (words after): longer lines are tinted whole. */
const MOST_COMPARED = 40_000;
/** With less than this in common, marking words would mark nearly all of them. */
const LEAST_COMMON = 0.3;

/** Draws the code that differs, or null where none does. */
export function drawCode({ before_name, after_name, sections }: Differences): HTMLElement | null {
  const lines = withoutBlankStarts(sections.flatMap(section => section.lines));
  if (!lines.length) {
    return null;
  }
  const table = el('div', { class: 'as-Code', role: 'table', 'aria-label': 'Code side by side', tabindex: 0 }, ...lines.map(drawRow));
  return el(
    'section',
    { class: 'as-CodeDiff', 'aria-label': 'Code' },
    el('div', { class: 'as-Tabs as-CodeDiff-head' },
      el('div', { class: 'as-TabList' }, el('b', { class: 'as-Tab' }, 'Code'), el('span', { class: 'as-dim as-Pair' }, before_name)),
      el('span', { class: 'as-dim as-Pair as-CodeDiff-after' }, after_name)),
    table
  );
}

/**
 * The rows without the empty lines that cells begin with: where `%%track` stood, there is one.
 *
 * A cell in which nothing else differs is left out with its heading.
 */
export function withoutBlankStarts(lines: readonly DiffLine[]): DiffLine[] {
  return byCell(lines).flatMap(cell => {
    const [heading, rows] = isHeading(cell[0]) ? [cell.slice(0, 1), cell.slice(1)] : [[], cell];
    const first = rows.findIndex(row => row.kind === 'skipped' || !!row.before || !!row.after);
    const rest = first < 0 ? [] : rows.slice(first);
    return rest.some(isDifferent) ? [...heading, ...rest] : [];
  });
}

/** A line and the one it became, in pieces of which those that only one has are new. */
export function wordParts(before: string, after: string): [Part[], Part[]] {
  const [old, now] = [wordsOf(before), wordsOf(after)];
  const common = old.length * now.length > MOST_COMPARED ? null : longestCommon(old, now);
  const share = (common?.reduce((sum, [i]) => sum + old[i].trim().length, 0) ?? 0) / Math.max(before.trim().length, after.trim().length, 1);
  if (!common || share < LEAST_COMMON) {
    return [[{ text: before, isNew: false }], [{ text: after, isNew: false }]];
  }
  return [joined(old, new Set(common.map(([i]) => i))), joined(now, new Set(common.map(([, j]) => j)))];
}

// -- information --------------------------------------------------------------------------

function byCell(lines: readonly DiffLine[]): DiffLine[][] {
  const cells: DiffLine[][] = [];
  for (const line of lines) {
    if (!cells.length || isHeading(line)) {
      cells.push([]);
    }
    cells[cells.length - 1].push(line);
  }
  return cells;
}

/** A skipped row with a name begins a cell; one without stands for equal lines. */
function isHeading({ kind, before, after }: DiffLine): boolean {
  return kind === 'skipped' && (before !== null || after !== null);
}

function isDifferent({ kind }: DiffLine): boolean {
  return kind !== 'same' && kind !== 'skipped';
}

function wordsOf(text: string): string[] {
  return text.match(/\d(?:e[+-]|[\p{L}\p{N}_.])*|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/giu) ?? [];
}

/** The places of a longest common subsequence, in order. */
function longestCommon(a: string[], b: string[]): [number, number][] {
  const width = b.length + 1;
  const best = new Uint16Array((a.length + 1) * width); // the length that can still be had from here
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] =
        a[i] === b[j]
          ? best[(i + 1) * width + j + 1] + 1
          : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      pairs.push([i++, j++]);
    } else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) {
      i++;
    } else {
      j++;
    }
  }
  return pairs;
}

function joined(words: string[], common: Set<number>): Part[] {
  const parts: Part[] = [];
  words.forEach((text, i) => {
    const isNew = !common.has(i);
    const last = parts[parts.length - 1];
    if (last?.isNew === isNew) {
      last.text += text;
    } else {
      parts.push({ text, isNew });
    }
  });
  return parts;
}

// -- drawing ------------------------------------------------------------------------------

function drawRow(line: DiffLine): HTMLElement {
  if (line.kind === 'skipped') {
    return el('div', { class: 'as-Code-skipped', role: 'row' }, el('span', { role: 'cell', 'aria-colspan': 2 }, skippedText(line)));
  }
  const [before, after] =
    line.kind === 'changed'
      ? wordParts(line.before ?? '', line.after ?? '')
      : [line.before, line.after].map(text => [{ text: text ?? '', isNew: false }]);
  return el(
    'div',
    { class: `as-Code-row as-${line.kind}`, role: 'row' },
    drawSide(line.before === null ? null : before, line.before_line, 'as-before', line.kind === 'same' ? ' ' : '−'),
    drawSide(line.after === null ? null : after, line.after_line, 'as-after', line.kind === 'same' ? ' ' : '+')
  );
}

function drawSide(parts: Part[] | null, number: number | null, side: string, sign: string): HTMLElement {
  if (parts === null) {
    return el('div', { class: `as-Code-side ${side} as-none`, role: 'cell' });
  }
  return el(
    'div',
    { class: `as-Code-side ${side}`, role: 'cell' },
    el('span', { class: 'as-Code-number', 'aria-hidden': 'true' }, number === null ? '' : String(number)),
    el('span', { class: 'as-Code-sign' }, sign),
    el('span', { class: 'as-Code-text' }, ...parts.map(({ text, isNew }) => (isNew ? el('mark', {}, text) : text)))
  );
}

function skippedText({ before, after }: DiffLine): string {
  return ['⋯', [...new Set([before, after].filter(name => name !== null))].join(' → ')].join(' ').trim();
}
