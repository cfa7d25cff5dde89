/** What checks found, marked on curves at the step where it began. Knows no host. */
import type { Mark, RunFindings } from '../contract';
import { el } from './dom';
import { SIGNS, severityClass } from './findings';
import { beganText } from './format';
import type { Line } from './series';

/** Height of a row of marks above the curves. */
export const ROW = 19;
const CHAR = 6.6; // about the width of a character of a mark
const GAP = 4;
const FEW = 3; // marks that have room for their names

/** A mark with its place along the plot's width, in pixels. */
export interface Placed {
  mark: Mark;
  left: number;
}

/** The marks of the findings that nobody has acknowledged. */
export function marksOf(runs: readonly RunFindings[]): Mark[] {
  return runs.flatMap(({ run_id, findings }) =>
    findings
      .filter(finding => finding.acknowledged === null && finding.metric !== null)
      .map(({ code, name, severity, message, metric, step }) => ({ run_id, code, name, severity, message, metric, step }))
  );
}

/** The place of the point where the mark's step is reached; -1 where the line does not reach it. */
export function pointAt(line: Line, step: number): number {
  return line.step.findIndex(at => at >= step);
}

/** The text of a mark: sign and code, and where there are few of them, the name. */
export function markText({ code, severity, name }: Mark, among = Infinity): string {
  return `${SIGNS[severity]} ${code}${among <= FEW ? ` ${name}` : ''}`;
}

/** A row for each mark, from left to right, so that none lies on another. */
export function rowsOf(placed: readonly Placed[]): number[] {
  const ends: number[] = []; // of each row
  const rows = new Array<number>(placed.length);
  const order = placed.map((_, i) => i).sort((a, b) => placed[a].left - placed[b].left);
  for (const i of order) {
    const { mark, left } = placed[i];
    const free = ends.findIndex(end => end + GAP <= left);
    rows[i] = free < 0 ? ends.length : free;
    ends[rows[i]] = left + markText(mark, placed.length).length * CHAR + 10;
  }
  return rows;
}

/** The marks over a plot: each a sign with the whole text for pointer, keyboard and screen reader. */
export class MarksView {
  readonly element = el('div', { class: 'as-CurveMarks' });
  private key = '';

  /** Shows marks at their places; elements stay while the marks do, so that none loses its focus. */
  draw(placed: readonly Placed[], box: { left: number; top: number; width: number; height: number }): void {
    const key = JSON.stringify(placed.map(({ mark }) => mark));
    if (key !== this.key) {
      this.key = key;
      this.element.replaceChildren(...placed.map(({ mark }) => drawMark(mark, placed.length)));
    }
    const rows = rowsOf(placed);
    placed.forEach(({ left }, i) => {
      const { style, classList } = this.element.children[i] as HTMLElement;
      const top = rows[i] * ROW + 2;
      style.left = `${box.left + left}px`;
      style.top = `${top}px`;
      style.setProperty('--as-mark-height', `${box.top + box.height - top}px`);
      classList.toggle('as-left', left > box.width / 2);
    });
  }
}

function drawMark(mark: Mark, among: number): HTMLElement {
  const told = `${mark.code} ${mark.name} ${beganText(mark)}: ${mark.message}`;
  return el(
    'span',
    { class: `as-CurveMark ${severityClass(mark.severity)}`, tabindex: 0, role: 'note', 'aria-label': told },
    el('span', { 'aria-hidden': 'true' }, markText(mark, among)),
    el(
      'span',
      { class: 'as-CurveMark-tip', 'aria-hidden': 'true' },
      el('b', {}, `${mark.code} ${mark.name}`),
      el('span', { class: 'as-dim' }, ` ${beganText(mark)}`),
      el('br'),
      mark.message
    )
  );
}

/** A line for each finding, below the curves; `show` turns to the curve on which it is seen. */
export function drawMarkLines(marks: readonly Mark[], show: (metric: string) => void): HTMLElement[] {
  return marks.map(mark => {
    const { metric, severity, name, message } = mark;
    const began = metric === null ? null : el('button', { class: 'as-Link', title: `shows ${metric}`, onclick: () => show(metric) }, beganText(mark));
    return el(
      'div',
      { class: 'as-CurveFinding' },
      el('span', { class: `as-Chip ${severityClass(severity)}`, title: name }, markText(mark)),
      el('span', {}, message),
      began
    );
  });
}
