/** How values read: numbers, deltas, digests, times. */
import type { Mark } from '../contract';

/** A metric's value: four decimals where numbers have a common size, else exponents. */
export function metricText(value: number, isInteger: boolean): string {
  if (!Number.isFinite(value)) {
    return nonFinite(value);
  }
  if (isInteger) {
    return fixed(value, 0);
  }
  if (!isPlain(value)) {
    return exponent(value, 3);
  }
  return fixed(value, Math.abs(value) >= 1000 ? 1 : Math.abs(value) >= 100 ? 2 : 4);
}

/** A param's value, every digit of it: `0.001`, `10.0`, `1e-05`. */
export function paramText(value: number, isInteger: boolean): string {
  if (!Number.isFinite(value)) {
    return nonFinite(value);
  }
  if (isInteger) {
    return String(value);
  }
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** A difference with its sign: `+0.0056`, `−0.2472`. */
export function deltaText(delta: number, isInteger = false): string {
  if (delta === 0) {
    return '0';
  }
  const size = metricText(Math.abs(delta), isInteger);
  return (delta > 0 ? '+' : '−') + size;
}

/** `a41f…9c`: enough of a digest to see that two differ. */
export function digestText(digest: string): string {
  const bare = digest.slice(digest.lastIndexOf(':') + 1);
  return bare.length <= 7 ? bare : `${bare.slice(0, 4)}…${bare.slice(-2)}`;
}

/** `12 s`, `4 min`, `3 h`, `2 d`, then the date. */
export function agoText(seconds: number, now: number): string {
  const ago = now - seconds;
  if (ago < 60) {
    return `${Math.max(0, Math.floor(ago))} s`; // clocks differ
  }
  if (ago < 3600) {
    return `${Math.floor(ago / 60)} min`;
  }
  if (ago < 86400) {
    return `${Math.floor(ago / 3600)} h`;
  }
  return ago < 30 * 86400
    ? `${Math.floor(ago / 86400)} d`
    : new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** The exact time, here and in UTC. */
export function exactTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.toLocaleString()} (${date.toISOString().slice(0, 19)}Z)`;
}

/** `2.1 s`, `2 min 5 s`, `3 h 10 min`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) {
    return '';
  }
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(Math.round(seconds) / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds) % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function isPlain(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-4 && size < 1e9);
}

/** With commas. By hand: `toLocaleString` takes some 30 µs, and a table shows thousands. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Math.abs(value) < 1000 ? text : text.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

function exponent(value: number, digits: number): string {
  return value.toExponential(digits - 1).replace(/e([+-])(\d)$/, 'e$10$2');
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

/** Such as "from step 1,200 of loss". */
export function beganText({ metric, step }: Pick<Mark, 'metric' | 'step'>): string {
  const of = metric === null ? '' : `of ${metric}`;
  return step === null ? of : `from step ${step.toLocaleString('en-US')}${of && ` ${of}`}`;
}
