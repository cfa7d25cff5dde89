/** Curves as numbers: decoded, joined, smoothed, made small enough for the screen. No drawing. */
import type { Curve, XAxis } from '../contract';

/** A curve with its arrays decoded; `x` is chosen by `xOf`. */
export interface Line {
  run_id: string;
  metric: string;
  count: number;
  step: Float64Array;
  time_s: Float64Array;
  value: Float64Array;
  low: Float64Array | null;
  high: Float64Array | null;
}

/** The bytes as float64, copied, since a message's bytes need not be aligned. */
export function floats(view: DataView): Float64Array {
  return new Float64Array(
    view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer
  );
}

export function decode(curve: Curve): Line {
  return {
    run_id: curve.run_id,
    metric: curve.metric,
    count: curve.count,
    step: floats(curve.step),
    time_s: floats(curve.time_s),
    value: floats(curve.value),
    low: curve.low && floats(curve.low),
    high: curve.high && floats(curve.high)
  };
}

/** One line continued by another of the same run and metric. */
export function append(line: Line, more: Line): Line {
  return {
    ...line,
    count: line.count + more.count,
    step: concat(line.step, more.step),
    time_s: concat(line.time_s, more.time_s),
    value: concat(line.value, more.value),
    low: line.low && concat(line.low, more.low ?? more.value),
    high: line.high && concat(line.high, more.high ?? more.value)
  };
}

/** The values along the axis: steps, seconds since the first point, or seconds since the epoch. */
export function xOf(line: Line, axis: XAxis, origin = line.time_s[0] ?? 0): Float64Array {
  if (axis === 'step') {
    return line.step;
  }
  return axis === 'wall' ? line.time_s : line.time_s.map(time => time - origin);
}

/**
 * A longer line in buckets of equally many points: the last of each, and its extremes.
 *
 * NaN values are passed over by the extremes; a bucket that ends in one keeps it as its value.
 */
export function reduce(line: Line, points: number): Line {
  const n = line.value.length;
  if (n <= points) {
    return line;
  }
  const out = {
    step: new Float64Array(points),
    time_s: new Float64Array(points),
    value: new Float64Array(points),
    low: new Float64Array(points),
    high: new Float64Array(points)
  };
  for (let bucket = 0; bucket < points; bucket++) {
    const start = Math.floor((bucket * n) / points);
    const end = Math.floor(((bucket + 1) * n) / points);
    const [low, high] = extremes(line, start, end);
    out.low[bucket] = low;
    out.high[bucket] = high;
    out.step[bucket] = line.step[end - 1];
    out.time_s[bucket] = line.time_s[end - 1];
    out.value[bucket] = line.value[end - 1];
  }
  return { ...line, ...out };
}

/**
 * The exponential moving average, corrected for its start as in Adam, so that the first value is
 * itself. Weight 0 changes nothing. NaN and infinite values stay where they are and do not count.
 */
export function smooth(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) {
    return values;
  }
  const out = new Float64Array(values.length);
  let mean = 0;
  let correction = 1;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      out[i] = values[i];
      continue;
    }
    mean = mean * weight + values[i] * (1 - weight);
    correction *= weight;
    out[i] = mean / (1 - correction);
  }
  return out;
}

/** Places for labels at the wanted heights, moved as little as needed to be `gap` apart. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const places = order.map(i => Math.min(Math.max(wanted[i], low), high));
  for (let i = 1; i < places.length; i++) {
    places[i] = Math.max(places[i], places[i - 1] + gap);
  }
  const excess = places.length ? places[places.length - 1] - high : 0;
  if (excess > 0) {
    places[places.length - 1] -= excess;
    for (let i = places.length - 2; i >= 0; i--) {
      places[i] = Math.min(places[i], places[i + 1] - gap);
    }
  }
  const out: number[] = new Array<number>(wanted.length);
  order.forEach((i, place) => (out[i] = places[place]));
  return out;
}

/** A value to draw: null is a gap in the line, undefined a place between two of its points. */
export type Drawable = number | null | undefined;

/** All x values of several curves in order, each once. */
export function union(xs: readonly Float64Array[]): Float64Array {
  const [first] = xs;
  if (!first || xs.every(x => x === first || isSame(x, first))) {
    return first ?? new Float64Array(0);
  }
  const all = xs.reduce(concat).sort();
  return all.filter((x, i) => i === 0 || x !== all[i - 1]);
}

/** The values of a curve at the x values of `union`; undefined where it has no point. */
export function alignTo(all: Float64Array, x: Float64Array, values: Drawable[]): Drawable[] {
  if (all.length === x.length) {
    return values;
  }
  const out = new Array<Drawable>(all.length).fill(undefined);
  for (let i = 0, at = 0; i < x.length; i++) {
    while (all[at] < x[i]) {
      at += 1;
    }
    out[at] = values[i];
  }
  return out;
}

/** What a logarithmic axis can show: nothing at or below zero. */
export function positiveOnly(values: Drawable[]): Drawable[] {
  return values.map(value => (value === undefined || (value !== null && value > 0) ? value : null));
}

function extremes(line: Line, start: number, end: number): [number, number] {
  const lows = line.low ?? line.value;
  const highs = line.high ?? line.value;
  let low = NaN;
  let high = NaN;
  for (let i = start; i < end; i++) {
    if (!(lows[i] >= low)) {
      low = Number.isNaN(lows[i]) ? low : lows[i];
    }
    if (!(highs[i] <= high)) {
      high = Number.isNaN(highs[i]) ? high : highs[i];
    }
  }
  return [low, high];
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function concat(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
