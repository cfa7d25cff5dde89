/** Runs as a narrow list, grouped by experiment: for a side bar. Knows no host. */
import type { RunTable, Severity } from '../contract';
import { el, openMenu } from './dom';
import { severityClass } from './findings';
import { agoText, deltaText, exactTime } from './format';
import { deltaOf, tableData, type ColumnData, type TableData } from './table_data';

/** Rows that are drawn; those beyond are counted. */
const MOST = 300;
const RANKS: Severity[] = ['error', 'warning', 'info'];

/** What the list asks of whoever shows it. */
export interface RunListEvents {
  select(run_ids: string[]): void;
  open(run_id: string): void;
  star(run_id: string, isStarred: boolean): void;
  tag(run_id: string, tag: string): void;
  note(run_id: string, note: string | null): void;
  rename(run_id: string, name: string): void;
  baseline(run_id: string): void;
  trash(run_id: string): void;
}

export class RunListView {
  readonly element = el('div', { class: 'as-RunList', role: 'list', 'aria-label': 'Runs' });
  private data: TableData;
  private selected: readonly string[] = [];
  private search = '';
  private readonly closed = new Set<string>(); // experiments

  constructor(
    table: RunTable,
    private readonly events: RunListEvents
  ) {
    this.data = tableData(table);
    this.draw();
  }

  /** The runs that the search leaves. */
  get count(): number {
    return this.rows().length;
  }

  setTable(table: RunTable): void {
    this.data = tableData(table);
    this.draw();
  }

  setSelected(run_ids: readonly string[]): void {
    this.selected = run_ids;
    this.draw();
  }

  setSearch(text: string): void {
    this.search = text.trim().toLowerCase();
    this.draw();
  }

  private rows(): number[] {
    const rows = this.data.table.run_ids.map((_, row) => row);
    const words = this.search.split(/\s+/).filter(Boolean);
    return rows.filter(row => {
      const text = ['name', 'experiment', 'status', 'tags', 'note'].map(key => this.text(row, key)).join(' ').toLowerCase();
      return words.every(word => text.includes(word));
    });
  }

  private draw(): void {
    const focused = (this.element.contains(document.activeElement) && document.activeElement?.closest('[data-run]')?.getAttribute('data-run')) || null;
    const rows = this.rows();
    const groups = new Map<string, number[]>();
    rows.slice(0, MOST).forEach(row => {
      const experiment = this.text(row, 'experiment');
      groups.set(experiment, [...(groups.get(experiment) ?? []), row]);
    });
    const more = rows.length - MOST;
    this.element.replaceChildren(
      ...[...groups].map(([experiment, inside]) => this.drawGroup(experiment, inside)),
      more > 0 ? el('div', { class: 'as-dim as-RunList-more' }, `and ${more.toLocaleString('en-US')} more: search, or compare them in the tab`) : ''
    );
    if (focused) {
      this.element.querySelector<HTMLElement>(`[data-run="${focused}"] .as-RunList-name`)?.focus();
    }
  }

  private drawGroup(experiment: string, rows: number[]): HTMLElement {
    const isOpen = !this.closed.has(experiment);
    const metric = this.metricOf(rows);
    const baseline = rows.find(row => this.data.byKey.get('is_baseline')?.value(row) === true);
    const toggle = (): void => {
      this.closed[isOpen ? 'add' : 'delete'](experiment);
      this.draw();
    };
    const head = el('button', { class: 'as-RunList-group', 'aria-expanded': String(isOpen), onclick: toggle },
      el('span', { class: 'as-RunList-experiment', title: experiment }, experiment),
      el('span', { class: 'as-dim' }, metric?.column.label ?? ''));
    return el('div', { role: 'listitem' }, head,
      isOpen && el('div', { role: 'list' }, ...rows.map(row => this.drawRow(row, metric, baseline))));
  }

  /** The metric that these runs are told apart by: the main one, else the first that they have. */
  private metricOf(rows: number[]): ColumnData | null {
    const { main_metric } = this.data.table;
    const has = (column: ColumnData): boolean => rows.some(row => column.value(row) !== undefined);
    const metrics = this.data.columns.filter(({ column }) => column.group === 'metrics' && column.kind === 'number');
    const main = metrics.find(({ column }) => column.key === main_metric);
    return main && has(main) ? main : (metrics.find(has) ?? null);
  }

  private drawRow(row: number, metric: ColumnData | null, baseline: number | undefined): HTMLElement {
    const run_id = this.data.table.run_ids[row];
    const name = this.text(row, 'name');
    const box = el('input', { type: 'checkbox', 'aria-label': `Compare ${name}`, onchange: () => this.select(run_id, box.checked) });
    box.checked = this.selected.includes(run_id);
    const isStarred = this.data.byKey.get('is_starred')?.value(row) === true;
    const star = el('button', {
      class: `as-Star${isStarred ? ' as-on' : ''}`, 'aria-pressed': String(isStarred), 'aria-label': `Star ${name}`,
      onclick: () => this.events.star(run_id, !isStarred)
    }, isStarred ? '★' : '☆');
    const status = this.text(row, 'status');
    const state = this.text(row, 'state');
    const title = [status, state === 'stale' ? 'stale: its notebook has changed' : '', this.text(row, 'note', '')].filter(Boolean).join(' · ');
    return el('div', { class: 'as-RunList-row', role: 'listitem', 'data-run': run_id, 'data-status': status, title },
      box,
      el('span', { class: `as-RunList-dot as-status-${status}`, role: 'img', 'aria-label': status }),
      el('div', { class: 'as-RunList-line' },
        el('button', { class: 'as-RunList-name', onclick: () => this.events.open(run_id), title: 'Go to the cell that made it' }, name),
        el('span', { class: 'as-RunList-value' }, metric && metric.value(row) !== undefined ? metric.text(row) : '')),
      star,
      el('div', { class: 'as-RunList-line as-dim' },
        el('span', { class: 'as-RunList-about' },
          this.drawTime(row), status !== 'finished' && ` · ${status}`, state === 'stale' && ' · stale', baseline === row && ' · baseline',
          this.drawFindings(row)),
        this.drawDelta(row, metric, baseline)),
      this.drawMenu(run_id, name, this.text(row, 'note', '')));
  }

  private drawFindings(row: number): HTMLElement | null {
    const column = this.data.byKey.get('findings');
    const codes = (column?.value(row) ?? []) as string[];
    if (!codes.length) {
      return null;
    }
    const found = column?.column.severities[row] ?? [];
    const worst = RANKS.find(severity => found.includes(severity)) ?? 'warning';
    const count = codes.filter((_, i) => found[i] === worst).length;
    const words = { error: 'error', warning: 'warning', info: 'tip' }[worst];
    return el('span', { class: `as-RunList-findings ${severityClass(worst)}`, title: codes.join(', ') }, ` · ${count} ${words}${count > 1 ? 's' : ''}`);
  }

  private drawDelta(row: number, metric: ColumnData | null, baseline: number | undefined): HTMLElement | null {
    const delta = metric && baseline !== undefined ? deltaOf(metric, row, baseline) : null;
    if (!delta) {
      return null;
    }
    const mark = delta.isBetter === null ? 'as-dim' : delta.isBetter ? 'as-good' : 'as-bad';
    return el('span', { class: `as-RunList-delta ${mark}` }, deltaText(delta.delta, metric?.column.is_integer));
  }

  private drawTime(row: number): HTMLElement {
    const started = this.data.byKey.get('started_at')?.value(row);
    const seconds = typeof started === 'number' ? started : NaN;
    return el('span', { class: 'as-RunList-time', title: exactTime(seconds) }, agoText(seconds, Date.now() / 1000));
  }

  private drawMenu(run_id: string, name: string, note: string): HTMLElement {
    const button = el('button', {
      class: 'as-Quiet', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', 'aria-label': `More for ${name}`,
      onclick: () => {
        const content = el('div', { class: 'as-MenuList' });
        const close = openMenu(button, name, content);
        const item = (label: string, act: () => void): HTMLElement => el('button', { class: 'as-MenuItem', onclick: () => { close(); act(); } }, label);
        const ask = (label: string, value: string, done: (text: string) => void): HTMLElement =>
          el('button', { class: 'as-MenuItem', onclick: () => content.replaceChildren(prompt(label, value, text => { close(); done(text); })) }, `${label} …`);
        content.append(
          item('Make it the baseline', () => this.events.baseline(run_id)),
          ask('Rename', name, text => text && this.events.rename(run_id, text)),
          ask('Tag', '', text => text && this.events.tag(run_id, text)),
          ask('Note', note, text => this.events.note(run_id, text || null)),
          item('Move to the trash', () => this.events.trash(run_id)));
        content.querySelector('button')?.focus();
      }
    }, '⋯');
    return button;
  }

  private select(run_id: string, isPicked: boolean): void {
    const others = this.selected.filter(one => one !== run_id);
    this.events.select(isPicked ? [...others, run_id] : others);
  }

  private text(row: number, key: string, nothing = '–'): string {
    const column = this.data.byKey.get(key);
    const value = column?.value(row);
    return value === undefined || value === '' || column === undefined ? nothing : column.text(row);
  }
}

function prompt(label: string, value: string, done: (text: string) => void): HTMLElement {
  const input = el('input', { class: 'as-Filter', 'aria-label': label });
  input.value = value;
  requestAnimationFrame(() => input.select());
  return el('form', {
    class: 'as-Prompt',
    onsubmit: (event: Event) => {
      event.preventDefault();
      done(input.value.trim());
    }
  }, el('label', {}, label, input), el('button', { class: 'as-Button', type: 'submit' }, 'Save'));
}
