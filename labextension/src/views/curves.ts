/** Curves of one metric of several runs, drawn with uPlot. Knows no host. */
import uPlot from 'uplot';
import type { Mark, XAxis } from '../contract';
import { SERIES, type Colors } from './colors';
import { el, oncePerFrame } from './dom';
import { durationText, metricText } from './format';
import { MarksView, pointAt, ROW, rowsOf, type Placed } from './marks';
import { alignTo, positiveOnly, reduce, smooth, spread, union, xOf, type Drawable, type Line } from './series';

/** How the curves are looked at. */
export interface CurvesState {
  metrics: readonly string[];
  metric: string | null;
  x_axis: XAxis;
  is_log: boolean;
  smoothing: number;
  names: ReadonlyMap<string, string>; // run id → name
  hovered: string | null;
  marks: readonly Mark[]; // what checks found, on whichever metric
  note: string | null; // said in the corner, such as "first 20 of 60 runs"
  empty: string; // said where there is nothing to draw
}

export interface CurvesEvents {
  change(
    view: Partial<{ metric: string | null; x_axis: XAxis; is_log: boolean; smoothing: number }>
  ): void;
  hover(run_id: string | null): void;
  /** Someone looks closer, or at all again: finer points between these x values are wanted. */
  zoom(range: { min: number; max: number } | null): void;
}

type Aligned = uPlot.AlignedData;

/** One curve as drawn: places of its series among those of the chart. */
interface Drawn {
  line: Line;
  x: Float64Array;
  color: string;
  dash: number[] | undefined;
  main: number;
  raw: number | null;
  band: [number, number] | null;
}

const HEIGHT = 220;
const LABEL_GAP = 13;
const LABEL_SHARE = 0.28; // of the width, at most
const MAX_POINTS = 1500; // a line, as on the screens there are
const TABS = 4;
/** 1, 2, 5, 10, … */
const WHOLE = Array.from({ length: 45 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));
/** Where the colours begin again, lines are dashed. */
const DASHES = [undefined, [6, 3], [2, 3]];
const AXES: [XAxis, string][] = [
  ['step', 'step'],
  ['time', 'time since start'],
  ['wall', 'clock time']
];

export class CurvesView {
  readonly element = el('section', { class: 'as-Curves', 'aria-label': 'Curves' });
  private readonly tabs = el('div', { class: 'as-Tabs' });
  private readonly plot = el('div', { class: 'as-Plot', tabindex: 0, role: 'img' });
  private readonly marks = new MarksView();
  private readonly tip = el('div', { class: 'as-Tip', 'aria-hidden': 'true' });
  private readonly redraw = oncePerFrame(() => this.draw());
  private readonly observer = new ResizeObserver(() => this.onResize());
  // a theme is a class or an attribute of the page, whatever the host; a canvas must be drawn anew
  private readonly themes = new MutationObserver(() => this.onTheme());
  private theme = '';
  private chart: uPlot | null = null;
  private drawn: Drawn[] = [];
  private lines: Line[] = [];
  private width = 0;
  private shape = '';
  private zoomed: { min: number; max: number } | null = null;
  private loadedZoom = false;

  constructor(
    private state: CurvesState,
    private readonly events: CurvesEvents,
    private readonly colors: Colors
  ) {
    this.element.append(this.tabs, this.plot);
    this.observer.observe(this.plot);
    this.plot.addEventListener('keydown', event => this.onKey(event));
    for (const element of [document.documentElement, document.body]) {
      this.themes.observe(element, { attributes: true });
    }
    this.drawTabs();
  }

  /** Takes new curves; `isZoomed`: they are those of the part looked at. */
  setLines(lines: Line[], isZoomed = false): void {
    this.lines = lines;
    this.loadedZoom = isZoomed;
    this.redraw();
  }

  update(state: CurvesState): void {
    const before = this.state;
    this.state = state;
    if (before.metric !== state.metric || before.x_axis !== state.x_axis) {
      this.zoomed = null;
    }
    const onlyHover = (Object.keys(state) as (keyof CurvesState)[]).every(
      key => key === 'hovered' || before[key] === state[key]
    );
    if (onlyHover) {
      this.chart?.redraw(false);
      return;
    }
    this.drawTabs();
    this.redraw();
  }

  /** The state as it is, with another run hovered. */
  withHovered(hovered: string | null): CurvesState {
    return { ...this.state, hovered };
  }

  destroy(): void {
    this.redraw.cancel();
    this.observer.disconnect();
    this.themes.disconnect();
    this.chart?.destroy();
  }

  // -- tabs and controls ------------------------------------------------------------------

  private drawTabs(): void {
    const { metrics, metric, x_axis, is_log, smoothing } = this.state;
    const shown = metrics.slice(0, TABS);
    if (metric && !shown.includes(metric)) {
      shown[shown.length - 1] = metric;
    }
    const tabs = shown.map(name =>
      el(
        'button',
        {
          class: 'as-Tab',
          role: 'tab',
          'aria-selected': String(name === metric),
          title: name,
          onclick: () => this.events.change({ metric: name })
        },
        name
      )
    );
    const axis = this.select('x axis', AXES, x_axis, value =>
      this.events.change({ x_axis: value as XAxis })
    );
    const log = el(
      'button',
      {
        class: 'as-Quiet',
        'aria-pressed': String(is_log),
        title: 'logarithmic y axis',
        onclick: () => this.events.change({ is_log: !is_log })
      },
      'log'
    );
    this.tabs.replaceChildren(
      metrics.length
        ? el('div', { class: 'as-TabList', role: 'tablist' }, ...tabs, this.moreTabs(shown))
        : el('div', { class: 'as-TabList' }, el('b', { class: 'as-Tab' }, 'Curves'))
    );
    if (metrics.length) {
      this.tabs.append(el('div', { class: 'as-Controls' }, axis, log, this.slider(smoothing)));
    }
  }

  private moreTabs(shown: string[]): HTMLElement | null {
    const rest = this.state.metrics.filter(name => !shown.includes(name));
    if (!rest.length) {
      return null;
    }
    const options: [string, string][] = [['', `${rest.length} more`], ...rest.map(name => [name, name] as [string, string])];
    return this.select('more metrics', options, '', metric => metric && this.events.change({ metric }));
  }

  private select(
    label: string,
    options: [string, string][],
    value: string,
    change: (value: string) => void
  ): HTMLElement {
    const select = el(
      'select',
      { class: 'as-Select', 'aria-label': label, onchange: () => change(select.value) },
      ...options.map(([name, text]) => el('option', { value: name }, text))
    );
    select.value = value;
    return select;
  }

  private slider(smoothing: number): HTMLElement {
    const text = el('span', { class: 'as-num' }, smoothing.toFixed(2));
    const input = el('input', {
      type: 'range',
      min: 0,
      max: 0.99,
      step: 0.01,
      'aria-label': 'smoothing',
      oninput: () => {
        this.state = { ...this.state, smoothing: Number(input.value) };
        text.textContent = this.state.smoothing.toFixed(2);
        this.redraw();
      },
      onchange: () => this.events.change({ smoothing: Number(input.value) })
    });
    input.value = String(smoothing);
    return el('label', { class: 'as-Smooth', title: 'exponential moving average' }, 'smooth', input, text);
  }

  // -- information ------------------------------------------------------------------------

  /** The curves of the metric looked at, in the order of their colours. */
  private current(): Line[] {
    return this.lines.filter(line => line.metric === this.state.metric && line.value.length > 0);
  }

  /** Data for uPlot: one x column, and for each curve its band, its raw values, its main line. */
  private align(lines: Line[]): Aligned {
    const columns: { x: Float64Array; values: Drawable[] }[] = [];
    this.drawn = [];
    for (const whole of lines) {
      const at = columns.length + 1;
      const line = reduce(whole, MAX_POINTS);
      const x = xOf(line, this.state.x_axis, whole.time_s[0]);
      const add = (values: Drawable[]): number => columns.push({ x, values });
      const has = { band: line.low !== null && line.high !== null, raw: this.state.smoothing > 0 };
      if (has.band) {
        add(this.column(line.high!));
        add(this.column(line.low!));
      }
      if (has.raw) {
        add(this.column(line.value));
      }
      const main = add(this.column(smooth(line.value, this.state.smoothing)));
      this.drawn.push({
        line,
        x,
        color: this.colorOf(line.run_id),
        dash: DASHES[Math.floor((this.colors.slot(line.run_id) ?? 0) / SERIES) % DASHES.length],
        main,
        raw: has.raw ? main - 1 : null,
        band: has.band ? [at, at + 1] : null
      });
    }
    const all = union(columns.map(({ x }) => x));
    return [all, ...columns.map(({ x, values }) => alignTo(all, x, values))] as Aligned;
  }

  private column(values: Float64Array): Drawable[] {
    const column: Drawable[] = Array.from(values, value => (Number.isFinite(value) ? value : null));
    return this.state.is_log ? positiveOnly(column) : column;
  }

  private colorOf(run_id: string): string {
    const css = this.colors.css(run_id) ?? 'var(--as-series-0)';
    return this.cssValue(css.slice(4, -1));
  }

  private cssValue(name: string): string {
    return getComputedStyle(this.element).getPropertyValue(name).trim() || '#777';
  }

  private nameOf(run_id: string): string {
    return this.state.names.get(run_id) ?? run_id.slice(0, 8);
  }

  // -- drawing ----------------------------------------------------------------------------

  private draw(): void {
    const lines = this.current();
    if (!this.element.isConnected) {
      return;
    }
    const isPlot = lines.some(line => line.count > 1);
    this.element.classList.toggle('as-noPlot', !isPlot);
    if (!isPlot) {
      this.dropChart();
      this.plot.replaceChildren(lines.length ? this.drawValues(lines) : this.drawEmpty());
      return;
    }
    this.width = this.plot.clientWidth;
    if (!this.width) {
      return;
    }
    const data = this.align(lines);
    const shape = JSON.stringify([
      this.drawn.map(({ line, color, band, raw }) => [line.run_id, color, !!band, !!raw, this.nameOf(line.run_id)]),
      this.state.metric, this.state.x_axis, this.state.is_log, this.width, this.marksHere().length
    ]);
    if (this.chart && shape === this.shape) {
      this.chart.setData(data, this.zoomed === null);
    } else {
      this.shape = shape;
      this.theme = this.themeNow();
      this.dropChart(false);
      this.plot.replaceChildren(this.tip, this.marks.element);
      this.chart = new uPlot(this.options(), data, this.plot);
    }
    if (this.zoomed) {
      this.chart.setScale('x', this.zoomed);
    }
    this.describe();
  }

  private dropChart(forget = true): void {
    this.chart?.destroy();
    this.chart = null;
    if (forget) {
      this.shape = '';
    }
  }

  private drawEmpty(): HTMLElement {
    return el('div', { class: 'as-Empty' }, this.state.empty);
  }

  /** Metrics with one value a run: bars say more than a dot in an empty plot. */
  private drawValues(lines: Line[]): HTMLElement {
    const values = lines.map(line => line.value[line.value.length - 1]);
    const finite = values.filter(Number.isFinite);
    const scale = Math.max(...finite.map(Math.abs), 1e-300);
    const rows = lines.map((line, i) => {
      const bar = el('i', {});
      bar.style.width = `${Number.isFinite(values[i]) ? (Math.abs(values[i]) / scale) * 100 : 0}%`;
      bar.style.background = this.colors.css(line.run_id) ?? '';
      const row = el(
        'div',
        {
          class: 'as-Value',
          onmouseenter: () => this.events.hover(line.run_id),
          onmouseleave: () => this.events.hover(null)
        },
        el('span', { class: 'as-Value-name', title: this.nameOf(line.run_id) }, this.nameOf(line.run_id)),
        el('span', { class: 'as-Value-bar' }, bar),
        el('span', { class: 'as-num' }, metricText(values[i], Number.isInteger(values[i])))
      );
      return row;
    });
    const note = el('div', { class: 'as-dim as-Note' }, 'One value each. `aseptic.log(…, step=i)` in a loop draws curves.');
    return el('div', { class: 'as-Values' }, ...rows, note);
  }

  private options(): uPlot.Options {
    const dim = this.cssValue('--as-dim');
    const line = this.cssValue('--as-line');
    const font = `11px ${getComputedStyle(this.element).fontFamily}`;
    const right = this.labelWidth(font);
    const axis: uPlot.Axis = {
      stroke: dim, font, gap: 4,
      grid: { stroke: line, width: 1 },
      ticks: { show: false }
    };
    return {
      width: this.width,
      height: HEIGHT,
      padding: [() => this.roomForMarks(), right, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: this.state.x_axis === 'wall' },
        y: { distr: this.state.is_log ? 3 : 1 }
      },
      axes: [
        { ...axis, size: 24, grid: { show: false }, space: 64, ...this.ticks() },
        { ...axis, size: (u, values) => axisSize(u, values, font) }
      ],
      series: [{}, ...this.drawn.flatMap(drawn => this.seriesOf(drawn))],
      bands: this.drawn.flatMap(({ band, color }) =>
        band ? [{ series: band, fill: faint(color, 0.18) }] : []
      ),
      cursor: {
        y: false,
        points: { size: 7, show: true },
        drag: { x: true, y: false, setScale: false, uni: 4 },
        focus: { prox: 16 },
        bind: {
          mousedown: (_u, _target, handler) => event => {
            if (event.shiftKey) {
              this.pan(event);
              return null;
            }
            return handler(event);
          },
          dblclick: () => () => {
            this.zoomTo(null);
            return null;
          }
        }
      },
      hooks: {
        draw: [u => this.drawLabels(u, font), u => this.drawMarks(u)],
        setSelect: [u => this.onSelect(u)],
        setCursor: [u => this.onCursor(u)]
      }
    };
  }

  /** Steps that are whole numbers get no tick between them. */
  private ticks(): Partial<uPlot.Axis> {
    if (this.state.x_axis === 'time') {
      return { values: secondTicks };
    }
    const isWhole = this.drawn.every(({ x }) => x.every(Number.isInteger));
    return this.state.x_axis === 'step' && isWhole ? { incrs: WHOLE } : {};
  }

  private seriesOf({ line, color, dash, band, raw }: Drawn): uPlot.Series[] {
    const points = { show: line.value.length < 3, size: 6, fill: color };
    // a spike of one point fills next to nothing: the edge of the band shows it
    const edge: uPlot.Series = { stroke: faint(color, 0.4), width: 1, points: { show: false } };
    const series: uPlot.Series[] = band ? [edge, edge] : [];
    if (raw !== null) {
      series.push({ stroke: faint(color, 0.28), width: 1, points: { show: false } });
    }
    const width = () => (this.state.hovered === line.run_id ? 2.6 : 1.6);
    const main: uPlot.Series = { stroke: color, dash, points };
    Object.defineProperty(main, 'width', { get: width, set: () => undefined, enumerable: true });
    return [...series, main];
  }

  private labelWidth(font: string): number {
    const context = document.createElement('canvas').getContext('2d')!;
    context.font = font;
    const widths = this.drawn.map(({ line }) => context.measureText(this.nameOf(line.run_id)).width);
    return Math.min(Math.max(...widths, 20) + 12, this.width * LABEL_SHARE);
  }

  /** The run's name at the end of its line, moved where two would lie upon each other. */
  private drawLabels(u: uPlot, font: string): void {
    const ratio = devicePixelRatio;
    const { left, top, width, height } = u.bbox;
    const ends = this.drawn.flatMap(drawn => {
      const end = lastInSight(u, drawn);
      return end === null ? [] : [{ drawn, y: u.valToPos(end, 'y', true) }];
    });
    const gap = Math.min(LABEL_GAP * ratio, ends.length > 1 ? height / (ends.length - 1) : Infinity);
    const places = spread(ends.map(({ y }) => y), gap, top, top + height);
    const { ctx } = u;
    ctx.save();
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    ends.forEach(({ drawn }, i) => {
      const isHovered = this.state.hovered === drawn.line.run_id;
      ctx.font = `${isHovered ? '600 ' : ''}${font.replace('11px', `${11 * ratio}px`)}`;
      ctx.fillStyle = drawn.color;
      const room = u.width * ratio - left - width - 8 * ratio;
      ctx.fillText(fitted(ctx, this.nameOf(drawn.line.run_id), room), left + width + 6 * ratio, places[i]);
    });
    ctx.restore();
  }

  /** What was found on the curves that are drawn, and began at a step. */
  private marksHere(): { mark: Mark; drawn: Drawn; step: number }[] {
    return this.state.marks.flatMap(mark => {
      const drawn = this.drawn.find(({ line }) => line.run_id === mark.run_id && line.metric === mark.metric);
      return drawn && mark.step !== null ? [{ mark, drawn, step: mark.step }] : [];
    });
  }

  /** The marks in sight, each where its curve reaches its step. */
  private placeMarks(u: uPlot): Placed[] {
    const { min, max } = u.scales.x;
    return this.marksHere().flatMap(({ mark, drawn, step }) => {
      const point = pointAt(drawn.line, step);
      const x = this.state.x_axis === 'step' ? step : drawn.x[point];
      const isInSight = x !== undefined && x >= (min ?? x) && x <= (max ?? x);
      return isInSight ? [{ mark, left: u.valToPos(x, 'x') }] : [];
    });
  }

  /** Marks stand in rows above the curves: as many as they may come to need. */
  private roomForMarks(): number {
    const marks = this.marksHere();
    const perPoint = (this.width * (1 - LABEL_SHARE)) / Math.max(1, ...marks.map(({ drawn }) => drawn.x.length - 1));
    const placed = marks.map(({ mark, drawn, step }) => ({ mark, left: pointAt(drawn.line, step) * perPoint }));
    return placed.length ? (1 + Math.max(...rowsOf(placed))) * ROW + 6 : 10;
  }

  private drawMarks(u: uPlot): void {
    const ratio = devicePixelRatio;
    const { left, top, width, height } = u.bbox;
    this.marks.draw(this.placeMarks(u), { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio });
  }

  private describe(): void {
    const lasts = this.drawn.map(({ line }) => {
      const value = line.value[line.value.length - 1];
      return `${this.nameOf(line.run_id)} ${metricText(value, false)}`;
    });
    const found = this.marksHere().map(({ mark, step }) => `; ${mark.code} ${mark.name} at step ${step}`);
    this.plot.setAttribute('aria-label', `${this.state.metric} by ${this.state.x_axis}; last values: ${lasts.join(', ')}${found.join('')}`);
    this.plot.dataset.points = String(this.drawn.reduce((sum, { line }) => sum + line.count, 0));
    let note = this.plot.querySelector('.as-Note');
    note?.remove();
    if (this.state.note) {
      note = el('div', { class: 'as-dim as-Note' }, this.state.note);
      this.plot.append(note);
    }
  }

  // -- what people do ---------------------------------------------------------------------

  private onResize(): void {
    if (this.plot.clientWidth && this.plot.clientWidth !== this.width) {
      this.redraw();
    }
  }

  private onTheme(): void {
    if (this.themeNow() !== this.theme) {
      this.shape = '';
      this.redraw();
    }
  }

  private themeNow(): string {
    return this.cssValue('--as-series-0') + this.cssValue('--as-line');
  }

  private onSelect(u: uPlot): void {
    const { left, width } = u.select;
    if (width > 3) {
      this.zoomTo({ min: u.posToVal(left, 'x'), max: u.posToVal(left + width, 'x') });
    }
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  private zoomTo(range: { min: number; max: number } | null): void {
    this.zoomed = range;
    const isReduced = this.current().some(line => line.count > line.value.length);
    if (range) {
      this.chart?.setScale('x', range);
    } else {
      this.redraw();
    }
    if (isReduced || this.loadedZoom) {
      this.events.zoom(range);
    }
  }

  private pan(event: MouseEvent): void {
    const u = this.chart;
    const { min, max } = u?.scales.x ?? {};
    if (!u || min === undefined || max === undefined) {
      return;
    }
    const perPixel = (max - min) / (u.bbox.width / devicePixelRatio);
    const start = event.clientX;
    let range = { min, max };
    const move = (moved: MouseEvent): void => {
      const by = (start - moved.clientX) * perPixel;
      range = { min: min + by, max: max + by };
      u.setScale('x', range);
    };
    const stop = (): void => {
      document.removeEventListener('mousemove', move);
      this.zoomTo(range);
    };
    document.addEventListener('mousemove', move);
    document.addEventListener('mouseup', stop, { once: true });
  }

  private onKey(event: KeyboardEvent): void {
    const { min, max } = this.chart?.scales.x ?? {};
    if (min === undefined || max === undefined) {
      return;
    }
    const span = max - min;
    const ranges: { [key: string]: { min: number; max: number } | null } = {
      ArrowLeft: { min: min - span / 8, max: max - span / 8 },
      ArrowRight: { min: min + span / 8, max: max + span / 8 },
      '+': { min: min + span / 6, max: max - span / 6 },
      '-': { min: min - span / 4, max: max + span / 4 },
      '0': null
    };
    if (event.key in ranges) {
      this.zoomTo(ranges[event.key]);
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private onCursor(u: uPlot): void {
    const { left, idx } = u.cursor;
    if (left === undefined || left < 0 || idx === null || idx === undefined) {
      this.tip.hidden = true;
      this.hover(null);
      return;
    }
    const rows = this.drawn
      .map(drawn => ({ drawn, value: nearest(u, drawn, idx) }))
      .filter((row): row is { drawn: Drawn; value: number } => row.value !== null)
      .sort((a, b) => b.value - a.value);
    this.hover(closest(u, rows));
    this.tip.replaceChildren(
      el('div', { class: 'as-dim' }, this.xText(u.data[0][idx])),
      ...rows.slice(0, 12).map(({ drawn, value }) => this.tipRow(drawn, value))
    );
    this.tip.hidden = !rows.length;
    const plotLeft = u.bbox.left / devicePixelRatio;
    const isRight = left > u.bbox.width / devicePixelRatio / 2;
    this.tip.style.left = isRight ? '' : `${plotLeft + left + 12}px`;
    this.tip.style.right = isRight ? `${this.width - plotLeft - left + 12}px` : '';
  }

  private tipRow({ line, color }: Drawn, value: number): HTMLElement {
    const dot = el('span', { class: 'as-Dot' });
    dot.style.background = dot.style.borderColor = color;
    const kind = this.state.hovered === line.run_id ? 'as-Tip-row as-hovered' : 'as-Tip-row';
    return el('div', { class: kind }, dot, el('span', {}, this.nameOf(line.run_id)), el('span', { class: 'as-num' }, metricText(value, false)));
  }

  private xText(x: number): string {
    const { x_axis } = this.state;
    if (x_axis === 'step') {
      return `step ${x.toLocaleString('en-US')}`;
    }
    return x_axis === 'wall' ? new Date(x * 1000).toLocaleString() : durationText(x);
  }

  private hover(run_id: string | null): void {
    if (run_id !== this.state.hovered) {
      this.events.hover(run_id);
    }
  }
}

/** The curve's value at the cursor: of its nearest point, if it reaches so far. */
function nearest(u: uPlot, { main, x }: Drawn, idx: number): number | null {
  const at = u.data[0][idx];
  if (!x.length || at < x[0] || at > x[x.length - 1]) {
    return null;
  }
  const values = u.data[main];
  for (let away = 0; away < values.length; away++) {
    const value = values[idx - away] ?? values[idx + away];
    if (value !== null && value !== undefined) {
      return value;
    }
  }
  return null;
}

function closest(u: uPlot, rows: { drawn: Drawn; value: number }[]): string | null {
  const top = u.cursor.top ?? -1;
  let best: string | null = null;
  let distance = 24;
  for (const { drawn, value } of rows) {
    const away = Math.abs(u.valToPos(value, 'y') - top);
    if (away < distance) {
      distance = away;
      best = drawn.line.run_id;
    }
  }
  return best;
}

function lastInSight(u: uPlot, { main, x }: Drawn): number | null {
  const { min, max } = u.scales.x;
  if (!x.length || (min !== undefined && x[x.length - 1] < min!)) {
    return null;
  }
  const values = u.data[main];
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i];
    if (value !== null && value !== undefined && (max === undefined || u.data[0][i] <= max!)) {
      return value;
    }
  }
  return null;
}

function secondTicks(_u: uPlot, splits: number[]): string[] {
  return splits.map(seconds =>
    seconds < 120 ? `${Number(seconds.toFixed(2))} s` : seconds < 7200 ? `${Number((seconds / 60).toFixed(1))} min` : `${Number((seconds / 3600).toFixed(1))} h`
  );
}

function axisSize(u: uPlot, values: string[] | null, font: string): number {
  u.ctx.save();
  u.ctx.font = font;
  const longest = Math.max(0, ...(values ?? []).map(text => u.ctx.measureText(text ?? '').width));
  u.ctx.restore();
  return Math.ceil(longest) + 12;
}

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  let cut = text;
  while (cut.length > 1 && context.measureText(cut).width > room) {
    cut = cut.slice(0, -2) + '…';
  }
  return cut;
}

/** The colour (`#rrggbb`) with an opacity. */
function faint(color: string, opacity: number): string {
  return color.startsWith('#') && color.length === 7
    ? color + Math.round(opacity * 255).toString(16).padStart(2, '0')
    : color;
}
