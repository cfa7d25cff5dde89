/** The panel: query, run table, and below it curves, differences and code of the runs picked. */
import type { Ask, PanelHost, PanelState } from '../api';
import type { Curve, Differences, Mark, Reply, RunFindings, ShownFinding, View } from '../contract';
import { drawCode } from './code_diff';
import { Colors } from './colors';
import { choosable, focusMetric, isShown } from './columns';
import { CurvesView, type CurvesState } from './curves';
import { drawDifferences, drawNoDifferences } from './differences';
import { el, oncePerFrame, openMenu } from './dom';
import { drawFindings, hasFindings } from './findings';
import { RunTableView, type RunTableState } from './run_table';
import { marksOf } from './marks';
import { decode, type Line } from './series';
import { tableData, type TableData } from './table_data';

const MAX_CURVES = 20;
/** What is shown while no run is picked. */
const NEWEST = 6;
/** Runs whose findings are shown. */
const MAX_CHECKED = 6;
const OFFERED_BASELINES = 10;
const PATIENCE_MS = 400;
const NO_CURVES = 'Pick runs in the table to see their curves.';
const NO_DIFFERENCES = 'Pick two runs to see what changed between them.';

export class PanelView {
  readonly element: HTMLElement;
  private readonly colors = new Colors();
  private readonly toolbar = el('div', { class: 'as-Toolbar', role: 'toolbar', 'aria-label': 'Runs' });
  private readonly message = el('div', { class: 'as-Message', role: 'status', hidden: true });
  private readonly differences = el('div', { class: 'as-Slot' });
  private readonly findings = el('div', { class: 'as-Slot as-FindingsSlot' });
  private readonly code = el('div', { class: 'as-Slot as-CodeSlot' });
  private readonly below: HTMLElement;
  private readonly query: HTMLInputElement;
  private readonly busy = el('span', { class: 'as-Busy', role: 'status', hidden: true }, 'waiting for the kernel …');
  private readonly buttons = el('div', { class: 'as-Buttons' });
  private readonly tableView: RunTableView;
  private readonly curvesView: CurvesView;
  private readonly unsubscribe: () => void;
  private readonly changed = oncePerFrame(() => this.onChange());
  private data: TableData;
  private shown: PanelState;
  private hovered: string | null = null;
  private hasFilters = false;
  private after: string | null = null;
  private curvesKey = '';
  private differencesKey = '';
  private findingsKey = '';
  private marks: Mark[] = [];
  private tableState: RunTableState;
  private pending = 0;

  constructor(private readonly host: PanelHost) {
    this.shown = host.state;
    this.data = tableData(this.shown.table);
    this.colors.assign(this.runs);
    this.hasFilters = Object.keys(this.shown.view.filters).length > 0;
    this.query = this.makeQuery();
    this.tableState = this.stateOfTable();
    this.tableView = new RunTableView(this.shown.table, this.tableState, this.tableEvents(), this.colors);
    this.curvesView = new CurvesView(this.stateOfCurves(), {
      change: view => this.setView(view),
      hover: run_id => this.hover(run_id),
      zoom: range => void this.loadCurves(range)
    }, this.colors);
    this.below = el('div', { class: 'as-Below' }, this.curvesView.element, this.differences, this.findings, this.code);
    this.toolbar.append(this.query, this.busy, this.buttons);
    this.element = el('div', { class: 'as-Root as-Panel' }, this.toolbar, this.message, this.tableView.element, this.below);
    this.unsubscribe = host.subscribe(this.changed);
    this.drawAll();
  }

  /** To be called once the element is in the page. */
  attach(): void {
    this.tableView.attach();
    this.load();
  }

  /** Curves, differences and findings that were read before: shown until newer ones come, if ever. */
  restore(curves: Curve[], differences: Differences | null, findings: RunFindings[]): void {
    this.showFindings(findings);
    if (curves.length) {
      this.curvesView.setLines(this.withSingles(curves.map(decode)));
    }
    if (differences) {
      this.showDifferences(differences);
    }
  }

  destroy(): void {
    this.changed.cancel();
    this.unsubscribe();
    this.tableView.destroy();
    this.curvesView.destroy();
  }

  // -- from the host ----------------------------------------------------------------------

  private onChange(): void {
    const before = this.shown;
    this.shown = this.host.state;
    this.colors.assign(this.runs);
    if (before.table !== this.shown.table) {
      this.data = tableData(this.shown.table);
      this.tableView.setTable(this.shown.table);
      this.curvesKey = this.differencesKey = this.findingsKey = '';
    }
    if (before.query !== this.shown.query) {
      this.query.value = this.shown.query;
    }
    this.drawAll();
    this.load();
  }

  /** The runs whose curves are shown: those picked, else the newest. */
  private get runs(): readonly string[] {
    const { selected, table } = this.shown;
    return selected.length ? selected : table.run_ids.slice(0, NEWEST);
  }

  private get isPicked(): boolean {
    return this.shown.selected.length > 0;
  }

  private drawAll(): void {
    this.updateTable();
    this.drawButtons();
    this.curvesView.update(this.stateOfCurves());
    const isEmpty = !this.shown.table.run_ids.length;
    this.tableView.element.hidden = isEmpty;
    this.below.hidden = isEmpty;
    this.element.querySelector('.as-Nothing')?.remove();
    if (isEmpty) {
      this.message.after(this.drawNothing());
    }
  }

  private updateTable(): void {
    this.tableState = this.stateOfTable();
    this.tableView.update(this.tableState);
  }

  private stateOfTable(): RunTableState {
    const { selected, baseline, view } = this.shown;
    return { selected, baseline, view, hovered: this.hovered, hasFilters: this.hasFilters };
  }

  private stateOfCurves(): CurvesState {
    const { view } = this.shown;
    const { runs } = this;
    const names = new Map(runs.map(run_id => [run_id, this.nameOf(run_id)]));
    const metrics = this.metrics();
    return {
      metrics,
      metric: this.metric(metrics),
      x_axis: view.x_axis,
      is_log: view.is_log,
      smoothing: view.smoothing,
      names,
      hovered: this.hovered,
      marks: this.marks,
      note: this.curvesNote(),
      empty: this.isPicked ? 'These runs logged no metric.' : NO_CURVES
    };
  }

  private curvesNote(): string | null {
    const count = this.runs.length;
    if (!this.isPicked) {
      return count > 1 ? `the ${count} newest runs` : null;
    }
    return count > MAX_CURVES ? `the first ${MAX_CURVES} of ${count} runs` : null;
  }

  /** The metrics that any of these runs has, the one in view first. */
  private metrics(): string[] {
    const rows = this.runs.flatMap(run_id => this.data.rowOf.get(run_id) ?? []);
    const focus = focusMetric(this.data, this.shown.view);
    return this.data.columns
      .filter(({ column, value }) => column.group === 'metrics' && rows.some(row => value(row) !== undefined))
      .sort((a, b) => Number(b.column.key === focus) - Number(a.column.key === focus))
      .map(({ column }) => column.label);
  }

  private metric(metrics: string[]): string | null {
    const { metric } = this.shown.view;
    return metric && metrics.includes(metric) ? metric : (metrics[0] ?? null);
  }

  private nameOf(run_id: string): string {
    const row = this.data.rowOf.get(run_id);
    return row === undefined ? run_id.slice(0, 8) : (this.data.byKey.get('name')?.text(row) ?? run_id.slice(0, 8));
  }

  // -- what is asked ----------------------------------------------------------------------

  private load(): void {
    void this.loadCurves(null);
    void this.loadDifferences();
    void this.loadFindings();
  }

  private async loadCurves(zoom: { min: number; max: number } | null): Promise<void> {
    const run_ids = this.runs.slice(0, MAX_CURVES);
    const metric = this.metric(this.metrics());
    const { x_axis } = this.shown.view;
    const key = JSON.stringify([run_ids, metric, x_axis, zoom]);
    if (key === this.curvesKey) {
      return;
    }
    this.curvesKey = key;
    if (!run_ids.length || metric === null) {
      this.curvesView.setLines([]);
      return;
    }
    const reply = await this.ask({
      type: 'series', run_ids, metric, x_axis,
      x_min: zoom?.min ?? null, x_max: zoom?.max ?? null, points: 1000
    });
    if (reply?.type === 'series' && key === this.curvesKey) {
      this.curvesView.setLines(this.withSingles(reply.curves.map(decode)), zoom !== null);
    } else if (!reply && key === this.curvesKey) {
      this.curvesKey = '';
    }
  }

  /** A metric that was never a series has its one value in the table. */
  private withSingles(lines: Line[]): Line[] {
    const metric = this.metric(this.metrics());
    const column = this.data.byKey.get(`metrics.${metric}`);
    const have = new Set(lines.filter(line => line.metric === metric).map(line => line.run_id));
    const singles = this.runs.slice(0, MAX_CURVES).flatMap(run_id => {
      const row = this.data.rowOf.get(run_id);
      const value = row === undefined ? undefined : column?.value(row);
      return have.has(run_id) || typeof value !== 'number' ? [] : [single(run_id, metric!, value)];
    });
    const order = new Map(this.runs.map((run_id, i) => [run_id, i]));
    return [...lines, ...singles].sort((a, b) => (order.get(a.run_id) ?? 0) - (order.get(b.run_id) ?? 0));
  }

  private async loadDifferences(): Promise<void> {
    const { before, others } = this.toCompare();
    if (!this.after || !others.includes(this.after)) {
      this.after = others[others.length - 1] ?? null;
    }
    const after = this.after;
    const key = JSON.stringify([before, after, others, this.isPicked]);
    if (key === this.differencesKey) {
      return;
    }
    this.differencesKey = key;
    if (!before || !after || !this.differences.hasChildNodes()) {
      const text = this.shown.selected.length === 1 ? 'Pick one more run to see what changed.' : NO_DIFFERENCES;
      this.differences.replaceChildren(drawNoDifferences(text));
      this.code.replaceChildren();
    }
    if (!before || !after) {
      return;
    }
    const reply = await this.ask({ type: 'differences', before, after });
    if (reply?.type === 'differences' && key === this.differencesKey) {
      this.showDifferences(reply.differences, this.drawChoice(others, after));
    } else if (!reply && key === this.differencesKey) {
      this.differencesKey = '';
    }
  }

  /** The findings of the runs picked; else of the newest. */
  private async loadFindings(): Promise<void> {
    const run_ids = this.runs.slice(0, this.isPicked ? MAX_CHECKED : 1);
    const key = JSON.stringify([run_ids, this.isPicked]);
    if (key === this.findingsKey) {
      return;
    }
    this.findingsKey = key;
    const reply = run_ids.length ? await this.ask({ type: 'findings', run_ids }) : null;
    if (reply?.type === 'findings' && key === this.findingsKey) {
      this.showFindings(reply.runs);
    } else if (!reply && key === this.findingsKey && run_ids.length) {
      this.findingsKey = '';
    }
  }

  private showFindings(runs: RunFindings[]): void {
    const count = this.runs.length;
    const title = !this.isPicked ? 'the newest run' : count > MAX_CHECKED ? `the first ${MAX_CHECKED} of ${count} runs` : '';
    const drawn = hasFindings(runs) ? drawFindings(runs, run_id => this.drawMark(run_id), title, this.host.canAcknowledge && this.acknowledge) : '';
    this.findings.replaceChildren(drawn);
    this.marks = marksOf(runs);
    this.curvesView.update(this.stateOfCurves());
  }

  /** A run's name behind a dot in its colour. */
  private drawMark(run_id: string): HTMLElement {
    const dot = el('span', { class: 'as-Dot', 'aria-hidden': 'true' });
    dot.style.background = dot.style.borderColor = this.colors.css(run_id) ?? '';
    return el('span', { class: 'as-Mark' }, dot, this.nameOf(run_id));
  }

  /** The run to compare with, and those to compare; of the newest, one with the one before it. */
  private toCompare(): { before: string | undefined; others: string[] } {
    const { selected, baseline, table } = this.shown;
    if (!this.isPicked) {
      return { before: table.run_ids[1], others: table.run_ids.slice(0, 1) };
    }
    const before = baseline && selected.includes(baseline) ? baseline : selected[0];
    return { before, others: selected.filter(run_id => run_id !== before).slice(0, MAX_CURVES) };
  }

  private showDifferences(differences: Differences, choose: HTMLElement | null = null): void {
    const [newest, second] = this.shown.table.run_ids;
    const isNewest = !this.isPicked && differences.before === second && differences.after === newest;
    this.differences.replaceChildren(drawDifferences(differences, choose, isNewest ? 'the two newest' : ''));
    this.code.replaceChildren(drawCode(differences) ?? '');
  }

  private drawChoice(others: string[], after: string): HTMLElement | null {
    if (others.length < 2) {
      return null;
    }
    const select = el(
      'select',
      {
        class: 'as-Select',
        'aria-label': 'compared with',
        onchange: () => {
          this.after = select.value;
          void this.loadDifferences();
        }
      },
      ...others.map(run_id => el('option', { value: run_id }, this.nameOf(run_id)))
    );
    select.value = after;
    return select;
  }

  /** Asks, says so when the answer takes its time, and shows an error in one line. */
  private async ask(request: Ask): Promise<Reply | null> {
    this.pending += 1;
    // nobody waits for what nobody picked
    const timer = setTimeout(() => (this.busy.hidden = this.pending === 0 || !this.isPicked), PATIENCE_MS);
    try {
      return await this.host.ask(request);
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error), null, true);
      return null;
    } finally {
      clearTimeout(timer);
      this.pending -= 1;
      this.busy.hidden = this.busy.hidden || this.pending === 0;
    }
  }

  private say(text: string, undo: (() => void) | null = null, isError = false): void {
    this.message.replaceChildren(text);
    this.message.classList.toggle('as-bad', isError);
    if (undo) {
      this.message.append(' ', el('button', { class: 'as-Link', onclick: undo }, 'Undo'));
    }
    const close = el('button', { class: 'as-Close', 'aria-label': 'Dismiss', onclick: () => (this.message.hidden = true) }, '×');
    this.message.append(close);
    this.message.hidden = false;
  }

  // -- the bar ----------------------------------------------------------------------------

  private makeQuery(): HTMLInputElement {
    const input = el('input', {
      class: 'as-Query',
      type: 'search',
      spellcheck: 'false',
      'aria-label': 'Query',
      placeholder: "acc > 0.9 and lr < 0.1 and 'final' in tags",
      title: 'Enter shows the runs that this selects',
      onkeydown: (event: KeyboardEvent) => {
        event.stopPropagation();
        if (event.key === 'Enter') {
          void this.runQuery(input.value);
        }
      },
      onsearch: () => input.value === '' && this.shown.query !== '' && void this.runQuery('')
    });
    input.value = this.shown.query;
    return input;
  }

  private async runQuery(query: string): Promise<void> {
    this.message.hidden = true;
    const reply = await this.ask({ type: 'query', query: query.trim() });
    this.query.classList.toggle('as-invalid', reply === null);
    if (reply) {
      this.host.change({ query: query.trim() });
    }
  }

  private drawButtons(): void {
    const { view, baseline } = this.shown;
    const name = baseline && this.data.rowOf.has(baseline) ? this.nameOf(baseline) : null;
    this.buttons.replaceChildren(
      el('span', { class: 'as-dim as-Count' }, this.countText()),
      this.menuButton('Columns', '▾', () => this.columnsMenu()),
      this.toggleButton('Filter', this.hasFilters, () => this.toggleFilters()),
      this.toggleButton('Only what differs', view.only_differs, () => this.setView({ only_differs: !view.only_differs })),
      this.menuButton(name ? `Baseline: ${name}` : 'Baseline', '▾', () => this.baselineMenu()),
      this.menuButton('⋯', '', () => this.actionsMenu(), 'More')
    );
  }

  private countText(): string {
    const { table, selected } = this.shown;
    const shown = this.tableView.count;
    const of = Math.max(table.total, table.run_ids.length);
    const runs = `${of.toLocaleString('en-US')} run${of === 1 ? '' : 's'}`;
    const count = shown === of ? runs : `${shown.toLocaleString('en-US')} of ${runs}`;
    return selected.length ? `${count}, ${selected.length.toLocaleString('en-US')} picked` : count;
  }

  private toggleButton(label: string, isOn: boolean, onclick: () => void): HTMLElement {
    return el('button', { class: `as-Button${isOn ? ' as-on' : ''}`, 'aria-pressed': String(isOn), onclick }, label);
  }

  private menuButton(label: string, arrow: string, content: () => HTMLElement, name = label): HTMLElement {
    const button = el(
      'button',
      {
        class: 'as-Button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', 'aria-label': name,
        onclick: () => {
          if (button.getAttribute('aria-expanded') === 'true') {
            this.closeMenu();
          } else {
            this.closeMenu();
            this.closeMenu = openMenu(button, name, content());
          }
        }
      },
      el('span', { class: 'as-Button-text' }, label),
      arrow && ` ${arrow}`
    );
    return button;
  }

  private closeMenu: () => void = () => undefined;

  private columnsMenu(): HTMLElement {
    const list = el('div', { class: 'as-MenuList' });
    const search = el('input', {
      class: 'as-Filter', placeholder: 'find a column', 'aria-label': 'Find a column', oninput: () => fill()
    });
    const fill = (): void => {
      const wanted = search.value.toLowerCase();
      const found = choosable(this.data).filter(({ column }) => column.key.toLowerCase().includes(wanted) && column.key !== 'name');
      list.replaceChildren(...found.map(({ column }) => this.columnChoice(column.key, column.label)));
    };
    fill();
    const reset = el('button', { class: 'as-Link', onclick: () => {
      this.setView({ shown: {}, order: [], pinned: [] });
      requestAnimationFrame(fill);
    } }, 'Reset');
    return el('div', { class: 'as-ColumnsMenu' }, search, list, reset);
  }

  private columnChoice(key: string, label: string): HTMLElement {
    const { view } = this.shown;
    const focus = focusMetric(this.data, view);
    const box = el('input', {
      type: 'checkbox',
      onchange: () => this.setView({ shown: { ...this.shown.view.shown, [key]: box.checked } })
    });
    box.checked = isShown(this.data, view, key, focus);
    const pin = el('button', {
      class: 'as-Quiet', 'aria-pressed': String(view.pinned.includes(key)), 'aria-label': `Pin ${label} at the left`,
      onclick: () => {
        const { pinned } = this.shown.view;
        const isPinned = pinned.includes(key);
        pin.setAttribute('aria-pressed', String(!isPinned));
        this.setView({ pinned: isPinned ? pinned.filter(other => other !== key) : [...pinned, key] });
      }
    }, 'pin');
    const group = key.includes('.') ? key.slice(0, key.indexOf('.')) : 'run';
    return el('div', { class: 'as-Choice' },
      el('label', {}, box, el('span', { class: 'as-Choice-text', title: key }, label), el('span', { class: 'as-dim' }, group)), pin);
  }

  private baselineMenu(): HTMLElement {
    const { selected, baseline } = this.shown;
    const offered = this.isPicked ? selected : this.tableView.first(OFFERED_BASELINES);
    const runs = [...new Set([...(baseline ? [baseline] : []), ...offered])].slice(0, MAX_CURVES);
    const items = runs.map(run_id => this.menuItem(this.nameOf(run_id), () => this.setBaseline(run_id), run_id === baseline));
    const hint = el('div', { class: 'as-dim as-MenuHint' }, 'or press b on a row');
    return el('div', { class: 'as-MenuList' }, ...items,
      baseline ? this.menuItem('No baseline', () => this.setBaseline(null)) : null, hint);
  }

  private actionsMenu(): HTMLElement {
    const run_ids = [...this.shown.selected];
    const one = run_ids.length === 1 ? run_ids[0] : null;
    const runs = `${run_ids.length} run${run_ids.length === 1 ? '' : 's'}`;
    const content = el('div', { class: 'as-MenuList' });
    const prompt = (label: string, value: string, done: (text: string) => void): void =>
      content.replaceChildren(this.promptFor(label, value, done));
    if (!run_ids.length) {
      content.append(el('div', { class: 'as-dim as-MenuHint' }, 'Pick runs to star, tag, rename or trash them.'));
    } else {
      content.append(
        this.menuItem(`Star ${runs}`, () => void this.act({ type: 'star', run_ids, is_starred: true })),
        this.menuItem(`Tag ${runs} …`, () => prompt('Tag', '', tag => tag && void this.act({ type: 'tag', run_ids, add: [tag], remove: [] })), false, true),
        this.menuItem(`Take a tag off ${runs} …`, () => prompt('Tag to take off', '', tag => tag && void this.act({ type: 'tag', run_ids, add: [], remove: [tag] })), false, true)
      );
    }
    if (one) {
      const note = this.textOf(one, 'note');
      content.append(
        this.menuItem('Note …', () => prompt('Note', note, text => void this.act({ type: 'note', run_id: one, note: text || null })), false, true),
        this.menuItem('Rename …', () => prompt('Name', this.nameOf(one), name => name && void this.act({ type: 'rename', run_id: one, name })), false, true)
      );
    }
    if (run_ids.length) {
      content.append(this.menuItem(`Move ${runs} to the trash`, () => void this.trash(run_ids)));
    }
    content.append(this.menuItem('Read the runs again', () => void this.runQuery(this.shown.query)));
    return content;
  }

  private menuItem(label: string, act: () => void, isOn = false, staysOpen = false): HTMLElement {
    return el('button', {
      class: `as-MenuItem${isOn ? ' as-on' : ''}`,
      onclick: () => {
        if (!staysOpen) {
          this.closeMenu();
        }
        act();
      }
    }, label);
  }

  private promptFor(label: string, value: string, done: (text: string) => void): HTMLElement {
    const input = el('input', { class: 'as-Filter', 'aria-label': label, placeholder: label.toLowerCase() });
    input.value = value;
    const form = el('form', {
      class: 'as-Prompt',
      onsubmit: (event: Event) => {
        event.preventDefault();
        this.closeMenu();
        done(input.value.trim());
      }
    }, el('label', {}, label, input), el('button', { class: 'as-Button', type: 'submit' }, 'Save'));
    requestAnimationFrame(() => input.select());
    return form;
  }

  private textOf(run_id: string, key: string): string {
    const row = this.data.rowOf.get(run_id);
    const value = row === undefined ? undefined : this.data.byKey.get(key)?.value(row);
    return typeof value === 'string' ? value : '';
  }

  private drawNothing(): HTMLElement {
    const { query } = this.shown;
    if (query) {
      return el('div', { class: 'as-Nothing' }, 'No run matches this query. ', el('button', { class: 'as-Link', onclick: () => void this.runQuery('') }, 'Show all runs'));
    }
    return el('div', { class: 'as-Nothing' }, 'No runs yet: begin a cell with ', el('code', {}, '%%track'), ' and execute it.');
  }

  // -- what people do ---------------------------------------------------------------------

  private tableEvents() {
    return {
      select: (run_ids: string[]) => this.host.change({ selected: run_ids }),
      change: (view: Partial<View>) => this.setView(view),
      star: (run_id: string, is_starred: boolean) => void this.act({ type: 'star', run_ids: [run_id], is_starred }),
      baseline: (run_id: string) => this.setBaseline(run_id),
      hover: (run_id: string | null) => this.hover(run_id)
    };
  }

  private setView(view: Partial<View>): void {
    this.host.change({ view: { ...this.host.state.view, ...view } });
  }

  private setBaseline(run_id: string | null): void {
    this.host.change({ baseline: run_id });
    void this.act({ type: 'baseline', run_id });
  }

  private async act(request: Ask): Promise<boolean> {
    return (await this.ask(request)) !== null;
  }

  private readonly acknowledge = (run_id: string, { code, subject }: ShownFinding, reason: string): void =>
    void this.act({ type: 'acknowledge', run_id, code, subject, reason });

  private async trash(run_ids: string[]): Promise<void> {
    if (await this.act({ type: 'trash', run_ids })) {
      this.host.change({ selected: this.shown.selected.filter(run_id => !run_ids.includes(run_id)) });
      const runs = run_ids.length === 1 ? '1 run is' : `${run_ids.length} runs are`;
      this.say(`${runs} in the trash.`, () => {
        this.message.hidden = true;
        void this.act({ type: 'restore', run_ids });
      });
    }
  }

  private toggleFilters(): void {
    this.hasFilters = !this.hasFilters;
    if (!this.hasFilters && Object.keys(this.shown.view.filters).length) {
      this.setView({ filters: {} });
    }
    this.updateTable();
    this.drawButtons();
    if (this.hasFilters) {
      this.element.querySelector<HTMLElement>('[data-filter="name"]')?.focus();
    }
  }

  private hover(run_id: string | null): void {
    if (run_id !== this.hovered) {
      this.hovered = run_id;
      this.updateTable();
      this.curvesView.update(this.stateOfHover());
    }
  }

  /** The same state but for the hovered run, so that only lines are drawn anew. */
  private stateOfHover(): CurvesState {
    return this.curvesView.withHovered(this.hovered);
  }
}

function single(run_id: string, metric: string, value: number): Line {
  const one = Float64Array.of(value);
  const zero = Float64Array.of(0);
  return { run_id, metric, count: 1, step: zero, time_s: zero, value: one, low: null, high: null };
}
