/** The small plot of a finding as SVG: the same picture as `show/plot_svg.py` draws. Knows no host. */
import type { FindingPlot } from '../contract';
import { SERIES } from './colors';

const [WIDTH, HEIGHT] = [360, 130];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 18, 8, 20];
const LEGEND = 16;
const LABELS = 118; // room for the labels of bars, at the left
const [BAR, GAP] = [9, 5];
const HUGE = 1e300;

type Numbers = readonly (number | null)[];
export type Scale = (value: number) => number;

/** Draws the plot; `title` says what it shows to those who cannot see it. */
export function drawPlot(plot: FindingPlot, title: string): SVGSVGElement {
  const [parts, height] = plot.kind === 'bars' ? bars(plot) : lines(plot);
  const legend = drawLegend(plot);
  const top = legend.length ? LEGEND : 0;
  const size = { width: WIDTH, height: height + top, viewBox: `0 ${-top} ${WIDTH} ${height + top}` };
  return svg('svg', { class: 'as-FindingPlot', role: 'img', ...size }, svg('title', {}, title), ...legend, ...parts);
}

/** From the finite values to places between start and end; a share of their range stays free. */
export function scaleOf(values: Numbers, start: number, end: number, pad = 0): Scale & { low: number; high: number } {
  const finite = values.filter(isDrawable);
  let low = finite.length ? Math.min(...finite) : 0;
  let high = finite.length ? Math.max(...finite) : 1;
  if (high - low <= Math.max(1e-12 * Math.max(Math.abs(low), Math.abs(high)), 1 / HUGE)) {
    const margin = Math.max(0.5, 1e-6 * Math.abs(low));
    [low, high] = [low - margin, high + margin];
  }
  const margin = (high - low) * pad;
  [low, high] = [low - margin, high + margin];
  const scale = (value: number): number => start + ((value - low) / (high - low)) * (end - start);
  return Object.assign(scale, { low, high });
}

/** Round numbers between two values, about as many as asked for. */
export function ticks(low: number, high: number, count = 4): number[] {
  const raw = (high - low) / count;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(factor => size * factor).find(step => step >= raw * 0.999) ?? raw;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The line through the points, in pieces where a value is missing. */
export function pathOf(xs: Numbers, ys: Numbers, x: Scale, y: Scale): string {
  let isDrawing = false;
  const path = ys.flatMap((value, i) => {
    const at = xs[i];
    const isPoint = isDrawable(at) && isDrawable(value);
    const piece = isPoint ? [`${isDrawing ? 'L' : 'M'}${x(at).toFixed(1)},${y(value).toFixed(1)}`] : [];
    isDrawing = isPoint;
    return piece;
  });
  return path.join(' ');
}

function isDrawable(value: number | null): value is number {
  return value !== null && Math.abs(value) < HUGE;
}

function drawLegend({ series }: FindingPlot): SVGElement[] {
  const width = Math.floor(WIDTH / series.length);
  return series.length < 2 ? [] : series.map(({ name }, i) => label(short(name, Math.max(4, Math.floor(width / 7))), 6 + i * width, -4, { style: color(i, 'fill'), class: 'as-FindingPlot-name' }));
}

function lines({ at, series, axes }: FindingPlot): [SVGElement[], number] {
  const x = scaleOf(at, LEFT, WIDTH - RIGHT);
  const y = scaleOf(series.flatMap(one => one.values), HEIGHT - BOTTOM, TOP, 0.04);
  const grid = ticks(y.low, y.high).flatMap(tick => [
    svg('line', { class: 'as-FindingPlot-grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
    label(tickText(tick), LEFT - 5, y(tick) + 3.5, { 'text-anchor': 'end' })
  ]);
  const below = ticks(x.low, x.high).map(tick => label(tickText(tick), x(tick), HEIGHT - 6, { 'text-anchor': 'middle' }));
  const drawn = series.map(({ values }, i) => drawLine(i, at, values, x, y));
  return [[...grid, ...below, ...drawn, ...axesLabel(axes, HEIGHT)], HEIGHT + 14];
}

/** A line, or a dot where there is one point alone. */
function drawLine(i: number, xs: Numbers, ys: Numbers, x: Scale, y: Scale): SVGElement {
  const points = ys.flatMap((value, k) => (isDrawable(value) && isDrawable(xs[k]) ? [[xs[k], value] as const] : []));
  if (points.length === 1) {
    const [[at, value]] = points;
    return svg('circle', { cx: x(at), cy: y(value), r: 3, style: color(i, 'fill') });
  }
  return svg('path', { d: pathOf(xs, ys, x, y), fill: 'none', 'stroke-width': 1.6, style: color(i, 'stroke') });
}

/** One group of bars a label, from top to bottom: labels are read without turning the head. */
function bars({ labels, series, axes }: FindingPlot): [SVGElement[], number] {
  const scale = scaleOf([0, ...series.flatMap(one => one.values)], LABELS, WIDTH - 48);
  const height = series.length * BAR + GAP;
  const parts = labels.flatMap((text, row) => {
    const top = GAP + row * height;
    const name = label(short(text, 18), LABELS - 6, top + (series.length * BAR) / 2 + 3.5, { 'text-anchor': 'end' });
    return [name, ...series.flatMap(({ values }, i) => drawBar(i, values[row], top + i * BAR, scale))];
  });
  const bottom = GAP + labels.length * height;
  return [[...parts, ...axesLabel(axes, bottom)], bottom + 16];
}

function drawBar(i: number, value: number | null, top: number, scale: Scale): SVGElement[] {
  if (!isDrawable(value)) {
    return [];
  }
  const [start, end] = [scale(0), scale(value)].sort((a, b) => a - b);
  return [
    svg('rect', { x: start, y: top, width: Math.max(end - start, 0.5), height: BAR - 1, style: color(i, 'fill') }),
    label(tickText(value), end + 4, top + BAR - 1)
  ];
}

function axesLabel(axes: string, bottom: number): SVGElement[] {
  return axes ? [label(short(axes, 60), 6, bottom + 8)] : [];
}

function label(text: string, x: number, y: number, more: { [name: string]: string } = {}): SVGElement {
  return svg('text', { x, y, ...more }, text);
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function short(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function color(i: number, what: string): string {
  return `${what}: var(--as-series-${i % SERIES})`;
}

function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: { [name: string]: string | number },
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, typeof value === 'number' ? String(Math.round(value * 10) / 10) : value);
  }
  element.append(...children);
  return element;
}
