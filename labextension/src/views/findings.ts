/** What checks found in the runs picked: message, numbers, plot and remedy. Knows no host. */
import type { RunFindings, Severity, ShownFinding } from '../contract';
import { drawAcknowledge } from './acknowledge';
import { el } from './dom';
import { beganText } from './format';
import { drawPlot } from './plot';

/** A sign for each severity, beside its colour. */
export const SIGNS: { [severity in Severity]: string } = { error: '✗', warning: '!', info: 'i' };
const WORDS: { [severity in Severity]: [string, string] } = {
  error: ['error', 'errors'],
  warning: ['warning', 'warnings'],
  info: ['tip', 'tips']
};

/** Keeps why a finding may stay; where it is not given, the host cannot. */
export type Acknowledge = (run_id: string, finding: ShownFinding, reason: string) => void;

/** The class that gives a severity its colour. */
export function severityClass(severity: Severity): string {
  return `as-${severity}`;
}

/** Whether there is anything to say: a run that no check has looked at says nothing. */
export function hasFindings(runs: readonly RunFindings[]): boolean {
  return runs.some(run => run.findings.length || run.clean || run.silent.length);
}

/**
 * Draws the findings, a run after the other.
 *
 * `mark` is what tells a run from the others: its name, in its colour; `title` says which run this
 * is, where nobody picked it.
 */
export function drawFindings(
  runs: readonly RunFindings[],
  mark: (run_id: string) => HTMLElement,
  title = '',
  acknowledge?: Acknowledge
): HTMLElement {
  const told = runs.filter(run => hasFindings([run]));
  const isAlone = told.length === 1;
  const head = el('span', { class: 'as-dim as-Pair' }, title && `${title}: `, isAlone && mark(told[0].run_id), isAlone && ` ${counted(told[0])}`);
  return el(
    'section',
    { class: 'as-Findings', 'aria-label': 'Findings' },
    el('div', { class: 'as-Tabs' }, el('div', { class: 'as-TabList' }, el('b', { class: 'as-Tab' }, 'Findings'), head)),
    ...told.map(run => drawRun(run, isAlone ? null : mark(run.run_id), acknowledge))
  );
}

/** Such as "1 error, 2 tips", of what nobody has acknowledged. */
export function counted(run: RunFindings): string {
  const open = run.findings.filter(finding => finding.acknowledged === null);
  const words = (Object.keys(WORDS) as Severity[]).flatMap(severity => {
    const count = open.filter(finding => finding.severity === severity).length;
    return count ? [`${count} ${WORDS[severity][Number(count > 1)]}`] : [];
  });
  return words.join(', ') || 'nothing is open';
}

function drawRun(run: RunFindings, mark: HTMLElement | null, acknowledge?: Acknowledge): HTMLElement {
  const open = run.findings.filter(finding => finding.acknowledged === null);
  const rest = run.findings.filter(finding => finding.acknowledged !== null);
  return el(
    'div',
    { class: 'as-Findings-run' },
    mark && el('div', { class: 'as-Findings-name' }, mark, el('span', { class: 'as-dim' }, ` ${counted(run)}`)),
    ...open.map((finding, i) => drawFinding(finding, mark === null && i === 0, acknowledge && (reason => acknowledge(run.run_id, finding, reason)))),
    ...rest.map(drawAcknowledged),
    drawSilent(run)
  );
}

function drawFinding(finding: ShownFinding, isOpen: boolean, acknowledge?: (reason: string) => void): HTMLElement {
  const { code, name, severity, message, numbers, plot, remedy, url } = finding;
  const began = beganText(finding);
  return drawDetails(
    el(
      'summary',
      {},
      el('span', { class: `as-Chip ${severityClass(severity)}`, title: `${WORDS[severity][0]} ${name}` }, `${SIGNS[severity]} ${code}`),
      ' ',
      message,
      began && el('span', { class: 'as-dim' }, ` · ${began}`)
    ),
    isOpen,
    plot && drawPlot(plot, message),
    el(
      'div',
      { class: 'as-Finding-words' },
      remedy && el('p', {}, remedy),
      numbers.length > 0 && el('dl', { class: 'as-Finding-numbers' }, ...numbers.flatMap(drawNumber)),
      el('p', { class: 'as-dim' }, url ? el('a', { href: url, target: '_blank', rel: 'noopener' }, `${code} ${name}: why and how`) : `%aseptic explain ${code}`),
      acknowledge ? drawAcknowledge(code, acknowledge) : null
    )
  );
}

function drawNumber([name, text]: [string, string]): HTMLElement[] {
  return [el('dt', {}, name), el('dd', {}, text)];
}

function drawAcknowledged({ code, severity, message, acknowledged }: ShownFinding): HTMLElement {
  return el('div', { class: 'as-Finding as-known as-dim' }, `${SIGNS[severity]} ${code} ${message} (acknowledged: ${acknowledged})`);
}

/** What found nothing, and why what could not judge was silent. */
function drawSilent({ clean, silent }: RunFindings): HTMLElement | null {
  const checks = `${clean} check${clean === 1 ? '' : 's'} clean`;
  if (!silent.length) {
    return clean ? el('div', { class: 'as-Finding as-dim' }, checks) : null;
  }
  const count = silent.reduce((sum, [codes]) => sum + codes.split(', ').length, 0);
  const reasons = silent.flatMap(([codes, reason]) => [el('dt', {}, codes), el('dd', {}, reason)]);
  return drawDetails(
    el('summary', { class: 'as-dim' }, `${checks}, ${count} not applicable`),
    false,
    el('dl', { class: 'as-Finding-numbers' }, ...reasons)
  );
}

/** Keys stay here: JupyterLab would take Enter for "edit this cell". */
function drawDetails(summary: HTMLElement, isOpen: boolean, ...body: (Element | null)[]): HTMLElement {
  summary.addEventListener('keydown', event => event.stopPropagation());
  return el('details', { class: 'as-Finding', open: isOpen }, summary, el('div', { class: 'as-Finding-body' }, ...body));
}
