/** The run table: ten thousand rows of which only those in sight are drawn. Knows no host. */
import {
  columnFilteringFeature,
  constructTable,
  createFilteredRowModel,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  type ColumnDef
} from '@tanstack/table-core';
import { storeReactivityBindings } from '@tanstack/table-core/store-reactivity-bindings';
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer
} from '@tanstack/virtual-core';
import type { RunTable, Sort, View } from '../contract';
import type { Colors } from './colors';
import { DELTA, focusMetric, moved, planColumns, type PlannedColumn } from './columns';
import { el, oncePerFrame } from './dom';
import { severityClass } from './findings';
import { agoText, deltaText, exactTime } from './format';
import {
  cellText,
  compareCells,
  deltaOf,
  largestDelta,
  NOTHING,
  parseFilter,
  tableData,
  type Cell,
  type TableData,
  type Test
} from './table_data';

const ROW_HEIGHT = 30;
const BAR_WIDTH = 46;
const LEADING = 58; // check box and star
const TICK_MS = 10_000;

/** What the table shows beside its data. */
export interface RunTableState {
  selected: readonly string[];
  baseline: string | null;
  view: View;
  hovered: string | null;
  hasFilters: boolean;
}

/** What the table asks of whoever shows it. */
export interface RunTableEvents {
  select(run_ids: string[]): void;
  change(view: Partial<View>): void;
  star(run_id: string, isStarred: boolean): void;
  baseline(run_id: string): void;
  hover(run_id: string | null): void;
}

interface Row {
  row: number;
}

const features = tableFeatures({
  coreReactivityFeature: storeReactivityBindings(),
  rowSortingFeature,
  columnFilteringFeature,
  sortedRowModel: createSortedRowModel(),
  filteredRowModel: createFilteredRowModel()
});

function makeModel(data: TableData) {
  const rows: Row[] = data.table.run_ids.map((_, row) => ({ row }));
  const columns = data.columns.map(
    ({ column, value, text }): ColumnDef<typeof features, Row> => ({
      id: column.key,
      accessorFn: ({ row }) => value(row),
      sortUndefined: 'last',
      sortFn: (a, b, id) => compareCells(a.getValue<Cell>(id), b.getValue<Cell>(id)),
      filterFn: (a, _id, test: Test) => test(value(a.original.row), text(a.original.row))
    })
  );
  return constructTable<typeof features, Row>({ features, data: rows, columns });
}

export class RunTableView {
  readonly element: HTMLElement;
  private readonly head = el('div', { class: 'as-RunTable-head', role: 'rowgroup' });
  private readonly body = el('div', { class: 'as-RunTable-body', role: 'rowgroup' });
  private readonly drawn = new Map<number, HTMLElement>();
  private readonly virtualizer: Virtualizer<HTMLElement, Element>;
  private readonly unmount: () => void;
  private readonly redraw = oncePerFrame(() => this.drawRows());
  private readonly clock = setInterval(() => this.tick(), TICK_MS);
  private data!: TableData;
  private model!: ReturnType<typeof makeModel>;
  private columns: PlannedColumn[] = [];
  private order: number[] = [];
  private selected = new Set<string>();
  private largest = 0;
  private active = 0;
  private anchor: number | null = null;

  constructor(
    table: RunTable,
    private state: RunTableState,
    private readonly events: RunTableEvents,
    private readonly colors: Colors
  ) {
    this.element = el(
      'div',
      { class: 'as-RunTable', role: 'grid', tabindex: 0, 'aria-label': 'Runs', 'aria-multiselectable': 'true' },
      el('div', { class: 'as-RunTable-inner', role: 'presentation' }, this.head, this.body)
    );
    this.virtualizer = new Virtualizer(this.virtualOptions());
    this.unmount = this.virtualizer._didMount();
    this.element.addEventListener('keydown', event => this.onKey(event));
    this.element.addEventListener('mouseleave', () => this.events.hover(null));
    this.setTable(table);
  }

  /** To be called once the element is in the page. */
  attach(): void {
    this.virtualizer._willUpdate();
    this.redraw();
  }

  setTable(table: RunTable): void {
    this.data = tableData(table);
    this.model = makeModel(this.data);
    this.rebuild();
  }

  update(state: RunTableState): void {
    const before = this.state;
    this.state = state;
    if (!isSameTable(before.view, state.view) || before.baseline !== state.baseline || before.hasFilters !== state.hasFilters) {
      this.rebuild();
    } else if (before.selected !== state.selected) {
      this.redrawAll();
    } else if (before.hovered !== state.hovered) {
      this.markHovered();
    }
  }

  /** How many runs pass the filters, the baseline included. */
  get count(): number {
    return this.order.length + (this.baselineRow === null ? 0 : 1);
  }

  /** The first runs shown, from the top down. */
  first(most: number): string[] {
    return Array.from({ length: Math.min(most, this.count) }, (_, place) => this.runAt(place));
  }

  destroy(): void {
    clearInterval(this.clock);
    this.redraw.cancel();
    this.unmount();
  }

  // -- information ------------------------------------------------------------------------

  private get baselineRow(): number | null {
    const { baseline } = this.state;
    return baseline === null ? null : (this.data.rowOf.get(baseline) ?? null);
  }

  private rebuild(): void {
    const { view } = this.state;
    this.model.setSorting(view.sort.map(({ key, is_descending }) => ({ id: key, desc: is_descending })));
    this.model.setColumnFilters(this.filters());
    const baseline = this.baselineRow;
    this.order = this.model
      .getRowModel()
      .rows.map(row => row.original.row)
      .filter(row => row !== baseline);
    this.columns = planColumns(this.data, view, baseline !== null);
    const focus = focusMetric(this.data, view);
    this.largest =
      focus && baseline !== null
        ? largestDelta(this.data.byKey.get(focus)!, this.data.table.run_ids.length, baseline)
        : 0;
    this.active = Math.min(this.active, Math.max(0, this.count - 1));
    this.layOut();
    this.virtualizer.setOptions(this.virtualOptions());
    this.virtualizer._willUpdate();
    this.virtualizer.measure();
    this.redrawAll();
  }

  private filters(): { id: string; value: Test }[] {
    return Object.entries(this.state.view.filters).flatMap(([id, text]) => {
      const test = this.data.byKey.has(id) ? parseFilter(text) : null;
      return test ? [{ id, value: test }] : [];
    });
  }

  private virtualOptions() {
    return {
      count: this.order.length,
      getScrollElement: () => this.element,
      estimateSize: () => ROW_HEIGHT,
      overscan: 4,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.redraw()
    };
  }

  /** The run shown at a place, the pinned baseline being the first. */
  private rowAt(place: number): number {
    const baseline = this.baselineRow;
    if (baseline === null) {
      return this.order[place];
    }
    return place === 0 ? baseline : this.order[place - 1];
  }

  private runAt(place: number): string {
    return this.data.table.run_ids[this.rowAt(place)];
  }

  // -- drawing ----------------------------------------------------------------------------

  private layOut(): void {
    const tracks = this.columns.map(({ width, isPinned, isText }) =>
      isPinned || isText ? `${Math.round(width)}px` : `minmax(${Math.round(width)}px, ${Math.round(width)}fr)`
    );
    const total = this.columns.reduce((sum, column) => sum + column.width, LEADING);
    this.element.style.setProperty('--as-grid', `${LEADING}px ${tracks.join(' ')}`);
    this.element.style.setProperty('--as-grid-width', `${Math.ceil(total)}px`);
    this.element.setAttribute('aria-rowcount', String(this.count + 1));
    this.element.setAttribute('aria-colcount', String(this.columns.length + 1));
  }

  private redrawAll(): void {
    this.selected = new Set(this.state.selected);
    const focused = this.focusedFilter();
    const baseline = this.baselineRow;
    this.head.replaceChildren(this.drawHead());
    if (this.state.hasFilters) {
      this.head.append(this.drawFilters());
    }
    if (baseline !== null) {
      this.head.append(this.drawRow(0));
    }
    this.restoreFocus(focused);
    this.body.replaceChildren();
    this.drawn.clear();
    this.body.style.height = `${this.order.length * ROW_HEIGHT}px`;
    if (!this.count) {
      this.body.append(el('div', { class: 'as-Empty' }, 'No run passes these filters.'));
      this.body.style.height = '';
    }
    this.drawRows();
  }

  private drawRows(): void {
    const offset = this.baselineRow === null ? 0 : 1;
    const inSight = new Set<number>();
    for (const item of this.virtualizer.getVirtualItems()) {
      if (item.index >= this.order.length) {
        continue;
      }
      inSight.add(item.index);
      if (!this.drawn.has(item.index)) {
        const element = this.drawRow(item.index + offset);
        element.style.transform = `translateY(${item.index * ROW_HEIGHT}px)`;
        this.drawn.set(item.index, element);
        this.body.append(element);
      }
    }
    for (const [index, element] of this.drawn) {
      if (!inSight.has(index)) {
        element.remove();
        this.drawn.delete(index);
      }
    }
    this.markHovered();
  }

  private drawHead(): HTMLElement {
    const all = el('input', {
      type: 'checkbox',
      'aria-label': 'Select all runs shown',
      onclick: () => this.toggleAll()
    });
    const picked = this.state.selected.length;
    all.checked = picked > 0 && picked >= this.count;
    all.indeterminate = picked > 0 && !all.checked;
    const cells = this.columns.map(column => this.drawHeading(column));
    return el(
      'div',
      { class: 'as-Row as-HeadRow', role: 'row', 'aria-rowindex': 1 },
      el('div', { class: 'as-Cell as-Lead as-pinned', role: 'columnheader' }, all),
      ...this.pin(cells)
    );
  }

  private drawHeading(column: PlannedColumn): HTMLElement {
    if (column.role === 'delta') {
      return el('div', { class: 'as-Cell as-Head', role: 'columnheader' }, 'vs baseline');
    }
    const { sort } = this.state.view;
    const at = sort.findIndex(({ key }) => key === column.key);
    const arrow = at < 0 ? '' : sort[at].is_descending ? ' ↓' : ' ↑';
    const label = el('span', { class: 'as-Head-label' }, column.data.column.label);
    const button = el(
      'button',
      {
        class: 'as-Head-button',
        title: headingTitle(column),
        onclick: (event: MouseEvent) => this.sortBy(column, event.shiftKey),
        onkeydown: (event: KeyboardEvent) => this.moveByKey(column, event)
      },
      label,
      arrow && el('span', { class: 'as-Head-arrow' }, arrow + (at >= 0 && sort.length > 1 ? String(at + 1) : ''))
    );
    const heading = el(
      'div',
      {
        class: `as-Cell as-Head${column.isNumeric ? ' as-num' : ''}${at >= 0 ? ' as-sorted' : ''}`,
        role: 'columnheader',
        'data-key': column.key,
        'aria-sort': at < 0 ? 'none' : sort[at].is_descending ? 'descending' : 'ascending'
      },
      button
    );
    if (column.role === 'plain') {
      this.makeDraggable(heading, column);
    }
    return heading;
  }

  private drawFilters(): HTMLElement {
    const cells = this.columns.map(column => this.drawFilter(column));
    const lead = el('div', { class: 'as-Cell as-Lead as-pinned' });
    return el('div', { class: 'as-Row as-FilterRow', role: 'row' }, lead, ...this.pin(cells));
  }

  private drawFilter(column: PlannedColumn): HTMLElement {
    const { key, data } = column;
    if (key === DELTA || data.column.kind === 'time') {
      return el('div', { class: 'as-Cell' });
    }
    const input = el('input', {
      class: 'as-Filter',
      'data-filter': key,
      'aria-label': `Filter ${data.column.label}`,
      placeholder: column.isNumeric ? '> 0.9' : 'text',
      title: '> 0.9   0.1..0.3   = SVC   != SVC   text   - (no value)',
      oninput: () => this.setFilter(key, input.value),
      onkeydown: (event: KeyboardEvent) => event.stopPropagation()
    });
    input.value = this.state.view.filters[key] ?? '';
    return el('div', { class: 'as-Cell' }, input);
  }

  private drawRow(place: number): HTMLElement {
    const row = this.rowAt(place);
    const run_id = this.data.table.run_ids[row];
    const isSelected = this.selected.has(run_id);
    const classes = ['as-Row'];
    if (isSelected) classes.push('as-selected');
    if (row === this.baselineRow) classes.push('as-baseline');
    if (place === this.active) classes.push('as-active');
    return el(
      'div',
      {
        class: classes.join(' '),
        role: 'row',
        'data-run': run_id,
        'aria-rowindex': place + 2,
        'aria-selected': String(isSelected),
        onclick: (event: MouseEvent) => this.onClick(event, place),
        onmouseenter: () => this.events.hover(run_id)
      },
      this.drawLead(row, run_id, isSelected),
      ...this.pin(this.columns.map(column => this.drawCell(column, row, run_id)))
    );
  }

  private drawLead(row: number, run_id: string, isSelected: boolean): HTMLElement {
    const name = this.nameOf(row);
    const box = el('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Select ${name}` });
    box.checked = isSelected;
    const isStarred = this.data.byKey.get('is_starred')?.value(row) === true;
    const star = el(
      'button',
      {
        class: `as-Star${isStarred ? ' as-on' : ''}`,
        tabindex: -1,
        'aria-label': `${isStarred ? 'Unstar' : 'Star'} ${name}`,
        'aria-pressed': String(isStarred),
        onclick: (event: MouseEvent) => {
          event.stopPropagation();
          this.events.star(run_id, !isStarred);
        }
      },
      isStarred ? '★' : '☆'
    );
    return el('div', { class: 'as-Cell as-Lead as-pinned', role: 'gridcell' }, box, star);
  }

  private drawCell(column: PlannedColumn, row: number, run_id: string): HTMLElement {
    if (column.role === 'name') {
      return this.drawName(row, run_id);
    }
    if (column.role === 'delta') {
      return this.drawDelta(column, row);
    }
    const { data } = column;
    const value = data.value(row);
    const cell = el('div', { class: cellClass(column, value), role: 'gridcell' });
    if (Array.isArray(value)) {
      const levels = data.column.kind === 'findings' ? (data.column.severities?.[row] ?? []) : null;
      const kind = (i: number): string => (levels ? `as-Chip ${severityClass(levels[i] ?? 'warning')}` : 'as-Chip');
      cell.append(...value.map((text, i) => el('span', { class: kind(i), title: levels?.[i] }, text)));
      cell.title = value.join(', ');
      return cell;
    }
    cell.textContent = data.text(row) + (this.isUncommitted(column.key, row) ? '*' : '');
    if (data.column.kind === 'time' && value !== undefined) {
      cell.dataset.at = String(value);
    }
    const title = cellTitle(column, value, this.isUncommitted(column.key, row));
    if (title) {
      cell.title = title;
    }
    return cell;
  }

  private drawName(row: number, run_id: string): HTMLElement {
    const color = this.colors.css(run_id);
    const dot = el('span', { class: 'as-Dot' });
    if (color) {
      dot.style.background = dot.style.borderColor = color;
    }
    const name = el('span', { class: 'as-Name', title: this.nameOf(row) }, this.nameOf(row));
    return el('div', { class: 'as-Cell as-NameCell', role: 'rowheader' }, dot, name, ...this.drawChips(row));
  }

  private drawChips(row: number): HTMLElement[] {
    const status = this.data.byKey.get('status')?.value(row);
    const state = this.data.byKey.get('state')?.value(row);
    const chips: HTMLElement[] = [];
    if (row === this.baselineRow) {
      chips.push(el('span', { class: 'as-Chip as-pin' }, 'baseline'));
    }
    if (typeof status === 'string' && status !== 'finished') {
      const kind = status === 'running' ? 'as-pin' : 'as-bad';
      chips.push(el('span', { class: `as-Chip as-line ${kind}` }, status));
    }
    if (state === 'stale') {
      chips.push(el('span', { class: 'as-Chip as-line as-warn', title: 'the notebook no longer reads as when this ran' }, 'stale'));
    }
    return chips;
  }

  private drawDelta(column: PlannedColumn, row: number): HTMLElement {
    const baseline = this.baselineRow;
    const delta = baseline === null ? null : deltaOf(column.data, row, baseline);
    const cell = el('div', { class: 'as-Cell as-Delta', role: 'gridcell' });
    if (!delta) {
      return cell;
    }
    const kind = delta.isBetter === null ? 'as-dim' : delta.isBetter ? 'as-good' : 'as-bad';
    const share = this.largest ? Math.abs(delta.delta) / this.largest : 0;
    const bar = el('i', { class: kind });
    bar.style.width = `${delta.delta === 0 ? 0 : Math.max(2, Math.round(share * BAR_WIDTH))}px`;
    cell.append(
      el('span', { class: 'as-Bar', 'aria-hidden': 'true' }, bar),
      el('span', { class: kind }, deltaText(delta.delta, column.data.column.is_integer))
    );
    return cell;
  }

  /** Pinned cells stay at the left while the rest scrolls. */
  private pin(cells: HTMLElement[]): HTMLElement[] {
    let left = LEADING;
    this.columns.forEach((column, i) => {
      if (column.isPinned) {
        cells[i].classList.add('as-pinned');
        cells[i].style.left = `${Math.round(left)}px`;
        left += Math.round(column.width);
      }
    });
    return cells;
  }

  /** "12 s" ago does not stay true. */
  private tick(): void {
    const now = Date.now() / 1000;
    for (const cell of this.element.querySelectorAll<HTMLElement>('[data-at]')) {
      const text = agoText(Number(cell.dataset.at), now);
      if (cell.textContent !== text) {
        cell.textContent = text;
      }
    }
  }

  private markHovered(): void {
    const { hovered } = this.state;
    for (const row of this.element.querySelectorAll<HTMLElement>('[data-run]')) {
      row.classList.toggle('as-hovered', row.dataset.run === hovered);
    }
  }

  private nameOf(row: number): string {
    const name = this.data.byKey.get('name')?.text(row);
    return name && name !== NOTHING ? name : this.data.table.run_ids[row];
  }

  private isUncommitted(key: string, row: number): boolean {
    return key === 'git_commit' && this.data.byKey.get('git_dirty')?.value(row) === true;
  }

  // -- what people do ---------------------------------------------------------------------

  private onClick(event: MouseEvent, place: number): void {
    const isBox = event.target instanceof HTMLInputElement;
    if (!isBox && !document.getSelection()?.isCollapsed) {
      return; // someone marks text to copy it
    }
    if (event.shiftKey && this.anchor !== null) {
      this.selectRange(this.anchor, place);
    } else {
      this.toggle(place);
    }
    this.anchor = place;
    this.activate(place);
  }

  private toggle(place: number): void {
    const run_id = this.runAt(place);
    const { selected } = this.state;
    this.events.select(
      this.selected.has(run_id) ? selected.filter(other => other !== run_id) : [...selected, run_id]
    );
  }

  private selectRange(from: number, to: number): void {
    const [low, high] = from < to ? [from, to] : [to, from];
    const range: string[] = [];
    for (let place = low; place <= high; place++) {
      range.push(this.runAt(place));
    }
    this.events.select([...new Set([...this.state.selected, ...range])]);
  }

  private toggleAll(): void {
    if (this.state.selected.length) {
      this.events.select([]);
    } else {
      this.events.select(Array.from({ length: this.count }, (_, place) => this.runAt(place)));
    }
  }

  private activate(place: number): void {
    this.active = place;
    for (const row of this.element.querySelectorAll<HTMLElement>('[aria-rowindex]')) {
      row.classList.toggle('as-active', row.getAttribute('aria-rowindex') === String(place + 2));
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox') {
      return;
    }
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 2);
    const moves: { [key: string]: number } = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity
    };
    if (event.key in moves) {
      this.moveTo(this.active + moves[event.key]);
    } else if ((event.key === ' ' || event.key === 'Enter') && event.target === this.element) {
      this.toggle(this.active);
    } else if (event.key === 's' && this.count) {
      const starred = this.data.byKey.get('is_starred')?.value(this.rowAt(this.active)) === true;
      this.events.star(this.runAt(this.active), !starred);
    } else if (event.key === 'b' && this.count) {
      this.events.baseline(this.runAt(this.active));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private moveTo(place: number): void {
    this.activate(Math.min(Math.max(place, 0), this.count - 1));
    const index = this.active - (this.baselineRow === null ? 0 : 1);
    if (index >= 0) {
      const top = index * ROW_HEIGHT;
      const visible = this.element.clientHeight - this.head.offsetHeight - ROW_HEIGHT;
      this.element.scrollTop = Math.min(Math.max(this.element.scrollTop, top - visible), top);
    }
  }

  /** First click: the better end first; second: the other way; third: no longer sorted. */
  private sortBy(column: PlannedColumn, isAdded: boolean): void {
    const { key, data } = column;
    const before = this.state.view.sort.find(sort => sort.key === key);
    const first = data.column.direction === 'max' || data.column.kind === 'time';
    const next: Sort[] =
      before === undefined
        ? [{ key, is_descending: first }]
        : before.is_descending === first
          ? [{ key, is_descending: !first }]
          : [];
    const others = isAdded ? this.state.view.sort.filter(sort => sort.key !== key) : [];
    this.events.change({ sort: [...others, ...next] });
  }

  private setFilter(key: string, text: string): void {
    const filters = { ...this.state.view.filters, [key]: text };
    if (!text) {
      delete filters[key];
    }
    this.events.change({ filters });
  }

  private makeDraggable(heading: HTMLElement, column: PlannedColumn): void {
    heading.draggable = true;
    heading.addEventListener('dragstart', event => event.dataTransfer?.setData('text/plain', column.key));
    heading.addEventListener('dragover', event => {
      event.preventDefault();
      heading.classList.add('as-drop');
    });
    heading.addEventListener('dragleave', () => heading.classList.remove('as-drop'));
    heading.addEventListener('drop', event => {
      event.preventDefault();
      const key = event.dataTransfer?.getData('text/plain');
      if (key && key !== column.key && this.columns.some(other => other.key === key)) {
        this.events.change({ order: moved(this.columns, key, column.key) });
      }
    });
  }

  private moveByKey(column: PlannedColumn, event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!event.altKey || !by) {
      return;
    }
    const keys = this.columns.filter(({ role }) => role !== 'delta').map(({ key }) => key);
    const other = keys[keys.indexOf(column.key) + by];
    if (other && other !== 'name' && column.role !== 'name') {
      this.events.change({ order: moved(this.columns, column.key, other) });
      this.head.querySelector<HTMLElement>(`[data-key="${CSS.escape(column.key)}"] button`)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Typing in a filter redraws the head: the caret goes back where it was. */
  private focusedFilter(): { selector: string; at: number | null } | null {
    const root = this.element.getRootNode() as Document | ShadowRoot;
    const { activeElement } = root;
    if (!(activeElement instanceof HTMLElement) || !this.head.contains(activeElement)) {
      return null;
    }
    if (activeElement instanceof HTMLInputElement && activeElement.dataset.filter) {
      const selector = `[data-filter="${CSS.escape(activeElement.dataset.filter)}"]`;
      return { selector, at: activeElement.selectionStart };
    }
    const key = activeElement.closest<HTMLElement>('[data-key]')?.dataset.key;
    return key ? { selector: `[data-key="${CSS.escape(key)}"] button`, at: null } : null;
  }

  private restoreFocus(focused: { selector: string; at: number | null } | null): void {
    const element = focused && this.head.querySelector<HTMLElement>(focused.selector);
    element?.focus({ preventScroll: true });
    if (element instanceof HTMLInputElement && focused) {
      element.setSelectionRange(focused.at, focused.at);
    }
  }
}

/** Whether two views show the same table, however they show the curves. */
function isSameTable(a: View, b: View): boolean {
  return TABLE_PARTS.every(part => a[part] === b[part]);
}

const TABLE_PARTS = ['sort', 'filters', 'shown', 'order', 'pinned', 'only_differs'] as const;

function headingTitle({ data, role }: PlannedColumn): string {
  const { key, direction } = data.column;
  const better = direction ? `, ${direction === 'max' ? 'higher' : 'lower'} is better` : '';
  const move = role === 'name' ? '' : '; drag or Alt+arrow moves it';
  return `${key}${better}\nClick sorts, Shift+click adds to the sorting${move}`;
}

function cellClass({ data, isNumeric, isFocus }: PlannedColumn, value: Cell): string {
  const { kind, key } = data.column;
  const classes = ['as-Cell'];
  if (isNumeric) classes.push('as-num');
  if (isFocus) classes.push('as-focus');
  if (kind === 'digest') classes.push('as-mono');
  if (kind === 'time' || key === 'duration_s' || value === undefined) classes.push('as-dim');
  return classes.join(' ');
}

function cellTitle(column: PlannedColumn, value: Cell, isUncommitted: boolean): string {
  if (value === undefined) {
    return '';
  }
  if (column.data.column.kind === 'time') {
    return exactTime(value as number);
  }
  if (isUncommitted) {
    return `${String(value)}, with uncommitted changes`;
  }
  const exact = String(value);
  return exact === cellText(column.data.column, value) && exact.length < 20 ? '' : exact;
}
