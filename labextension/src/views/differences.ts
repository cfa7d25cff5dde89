/** What changed between two runs, what matters first; the code itself is code_diff.ts's. Knows no host. */
import type { Change, Differences, DiffSection, SectionKind, Value } from '../contract';
import { el } from './dom';
import { deltaText } from './format';

const LABELS: { [kind in SectionKind]: string } = {
  data: 'data',
  params: 'params',
  code: 'code',
  environment: 'environment',
  git: 'git',
  metrics: 'metrics'
};
/** What a section counts, for "same (4 inputs)". */
const COUNTED: { [kind in SectionKind]: [string, string] } = {
  data: ['input', 'inputs'],
  params: ['param', 'params'],
  code: ['cell', 'cells'],
  environment: ['setting', 'settings'],
  git: ['fact', 'facts'],
  metrics: ['metric', 'metrics']
};
const MANY = 12;

/**
 * Draws the differences.
 *
 * `choose` is a control to pick the other run, if there are several; `title` says which two
 * these are, where nobody picked them.
 */
export function drawDifferences(differences: Differences, choose: HTMLElement | null = null, title = ''): HTMLElement {
  const { before_name, after_name, sections } = differences;
  const pair = el('span', { class: 'as-dim as-Pair' }, title && `${title}: `, `${before_name} → `, choose ?? after_name);
  const list = el('dl', { class: 'as-Sections' }, ...sections.flatMap(drawSection));
  return el(
    'section',
    { class: 'as-Differences', 'aria-label': 'Differences' },
    el('div', { class: 'as-Tabs' }, el('div', { class: 'as-TabList' }, el('b', { class: 'as-Tab' }, 'Differences'), pair)),
    list
  );
}

/** The place of the differences while there is nothing to compare. */
export function drawNoDifferences(text: string): HTMLElement {
  return el(
    'section',
    { class: 'as-Differences', 'aria-label': 'Differences' },
    el('div', { class: 'as-Tabs' }, el('div', { class: 'as-TabList' }, el('b', { class: 'as-Tab' }, 'Differences'))),
    el('div', { class: 'as-Empty' }, text)
  );
}

function drawSection(section: DiffSection): HTMLElement[] {
  const isSame = !section.changes.length && !section.lines.some(line => line.kind !== 'same');
  const content = isSame
    ? el('dd', { class: 'as-dim' }, sameText(section))
    : el('dd', {}, ...drawChanges(section), section.note && el('div', { class: 'as-dim' }, section.note));
  return [el('dt', {}, LABELS[section.kind]), content];
}

function sameText({ kind, same, note }: DiffSection): string {
  if (!same) {
    return note ?? 'none recorded';
  }
  const [one, many] = COUNTED[kind];
  const text = kind === 'code' || kind === 'git' ? 'same' : `same (${same} ${same === 1 ? one : many})`;
  return note ? `${text}; ${note}` : text;
}

function drawChanges({ kind, changes }: DiffSection): HTMLElement[] {
  if (kind === 'code') {
    return changes.filter(change => change.note).map(change => el('div', { class: 'as-Change' }, change.name, ' ', el('span', { class: 'as-dim' }, change.note)));
  }
  const rows = changes.map(change => drawChange(change, kind));
  if (rows.length <= MANY) {
    return rows;
  }
  const rest = rows.splice(MANY - 2);
  const more = el('details', {}, el('summary', { class: 'as-Link' }, `${rest.length} more`), ...rest);
  return [...rows, more];
}

function drawChange(change: Change, kind: SectionKind): HTMLElement {
  const { before, after } = change;
  const isMetric = kind === 'metrics';
  const row = el('div', { class: 'as-Change' }, el('span', { class: 'as-Change-name' }, change.name));
  if (change.kind === 'added') {
    row.append(el('span', { class: isMetric ? '' : 'as-good' }, valueText(after)), el('span', { class: 'as-dim' }, 'new'));
  } else if (change.kind === 'removed') {
    row.append(el('span', { class: isMetric ? '' : 'as-bad' }, valueText(before)), el('span', { class: 'as-dim' }, 'gone'));
  } else if (before !== null || after !== null) {
    row.append(
      el('span', {},
        el('span', { class: isMetric ? 'as-dim' : 'as-bad' }, valueText(before)), ' → ',
        el('span', { class: isMetric ? '' : 'as-good' }, valueText(after)))
    );
  }
  row.append(...drawDelta(change, isMetric));
  if (change.note) {
    row.append(el('span', { class: 'as-dim' }, change.note));
  }
  return row;
}

function drawDelta({ delta, is_better }: Change, isMetric: boolean): HTMLElement[] {
  if (!isMetric || delta === null) {
    return [];
  }
  const kind = is_better === null ? 'as-dim' : is_better ? 'as-good' : 'as-bad';
  const arrow = delta > 0 ? '▲ ' : '▼ ';
  return [el('span', { class: kind }, arrow + deltaText(delta))];
}

function valueText(value: Value): string {
  return typeof value === 'string' ? value : value === null ? 'None' : JSON.stringify(value);
}
