import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column, DiffLine, Mark, RunFindings, ShownFinding, View } from '../src/contract';
import { withoutBlankStarts, wordParts } from '../src/views/code_diff';
import { Colors } from '../src/views/colors';
import { planColumns } from '../src/views/columns';
import { agoText, beganText, deltaText, digestText, durationText, metricText, paramText } from '../src/views/format';
import { counted, hasFindings } from '../src/views/findings';
import { marksOf, pointAt, rowsOf } from '../src/views/marks';
import { noticesIn, type Wanted } from '../src/notices';
import { pathOf, scaleOf, ticks } from '../src/views/plot';
import { alignTo, append, reduce, smooth, spread, union, xOf, type Line } from '../src/views/series';
import { compareCells, deltaOf, parseFilter, tableData } from '../src/views/table_data';

test('numbers read as people write them', () => {
  assert.equal(metricText(0.98612, false), '0.9861');
  assert.equal(metricText(1234567, true), '1,234,567');
  assert.equal(metricText(-1234.5678, false), '-1,234.6');
  assert.equal(metricText(0.0000123, false), '1.23e-05');
  assert.equal(metricText(NaN, false), 'NaN');
  assert.equal(paramText(10, false), '10.0');
  assert.equal(paramText(10, true), '10');
  assert.equal(paramText(0.001, false), '0.001');
  assert.equal(paramText(1e-5, false), '1e-05');
  assert.equal(deltaText(-0.2472), '−0.2472');
  assert.equal(deltaText(0.0056), '+0.0056');
});

test('digests, times and durations are short', () => {
  assert.equal(digestText('xxh3:a41f00001234569c'), 'a41f…9c');
  assert.equal(agoText(1000, 1012.9), '12 s');
  assert.equal(agoText(1000, 998), '0 s');
  assert.equal(agoText(1000, 1000 + 4 * 60), '4 min');
  assert.equal(agoText(0, 100 * 86400), '1970-01-01');
  assert.equal(durationText(2.13), '2.1 s');
  assert.equal(durationText(125), '2 min 5 s');
  assert.equal(durationText(119.7), '2 min 0 s');
});

test('a run keeps its colour while others come and go', () => {
  const colors = new Colors();
  colors.assign(['a', 'b', 'c']);
  colors.assign(['b', 'c']);
  assert.deepEqual([colors.slot('a'), colors.slot('b'), colors.slot('c')], [null, 1, 2]);
  colors.assign(['b', 'c', 'd']);
  assert.equal(colors.slot('d'), 0);
});

function line(values: number[]): Line {
  const steps = Float64Array.from(values, (_, i) => i);
  return {
    run_id: 'a',
    metric: 'loss',
    count: values.length,
    step: steps,
    time_s: steps.map(step => 100 + step * 2),
    value: Float64Array.from(values),
    low: null,
    high: null
  };
}

test('a reduced line keeps extremes and the last value, and passes NaN over', () => {
  const reduced = reduce(line([1, 9, 2, NaN, -5, 3]), 2);
  assert.deepEqual([...reduced.value], [2, 3]);
  assert.deepEqual([...reduced.low!], [1, -5]);
  assert.deepEqual([...reduced.high!], [9, 3]);
  assert.deepEqual([...reduced.step], [2, 5]);
});

test('curves with other steps share one axis', () => {
  const [a, b] = [Float64Array.of(0, 2, 4), Float64Array.of(1, 2)];
  const all = union([a, b]);
  assert.deepEqual([...all], [0, 1, 2, 4]);
  assert.deepEqual(alignTo(all, a, [5, null, 7]), [5, undefined, null, 7]);
  assert.deepEqual(alignTo(all, b, [8, 9]), [undefined, 8, 9, undefined]);
  assert.equal(union([a, a]), a);
});

test('a line goes on where points are appended', () => {
  const longer = append(line([1, 2]), line([3]));
  assert.deepEqual([...longer.value], [1, 2, 3]);
  assert.equal(longer.count, 3);
});

test('relative time begins at zero', () => {
  assert.deepEqual([...xOf(line([1, 2]), 'time')], [0, 2]);
  assert.deepEqual([...xOf(line([1, 2]), 'wall')], [100, 102]);
});

test('smoothing starts at the first value and leaves gaps alone', () => {
  const smoothed = smooth(Float64Array.from([4, NaN, 4, 4]), 0.9);
  assert.ok(Math.abs(smoothed[0] - 4) < 1e-12 && Math.abs(smoothed[3] - 4) < 1e-12);
  assert.ok(Number.isNaN(smoothed[1]));
  assert.deepEqual([...smooth(Float64Array.from([1, 2]), 0)], [1, 2]);
});

test('labels are moved apart, and stay inside', () => {
  assert.deepEqual(spread([50, 51, 10], 12, 0, 100), [50, 62, 10]);
  assert.deepEqual(spread([99, 100], 12, 0, 100), [88, 100]);
});

test('a plot has round ticks, whatever its numbers', () => {
  assert.deepEqual(ticks(0, 1, 3), [0, 0.5, 1]);
  for (const values of [[], [null], [1e17, 1e17 + 16], [0, 5e-324], [-1e299, 1e299], [7]]) {
    const scale = scaleOf(values, 0, 100);
    assert.ok(ticks(scale.low, scale.high).length > 0 && Number.isFinite(scale(values[0] ?? 0)));
  }
});

test('a line stops where a value is missing, and goes on behind it', () => {
  const scale = scaleOf([0, 3], 0, 30);
  assert.equal(pathOf([0, 1, 2, 3], [0, null, 2, 3], scale, scale), 'M0.0,0.0 M20.0,20.0 L30.0,30.0');
});

function found(...findings: Partial<ShownFinding>[]): RunFindings {
  const one = { code: 'D02', name: 'x', message: '', numbers: [], remedy: null, subject: null, acknowledged: null, plot: null, url: null, metric: null, step: null };
  return { run_id: 'a', clean: 0, silent: [], findings: findings.map(more => ({ ...one, severity: 'warning', ...more })) };
}

test('what is open is counted by severity', () => {
  const run = found({ severity: 'info' }, { severity: 'error' }, {}, {}, { acknowledged: 'known' });
  assert.equal(counted(run), '1 error, 2 warnings, 1 tip');
  assert.equal(counted(found({ acknowledged: 'known' })), 'nothing is open');
  assert.ok(!hasFindings([found()]));
  assert.ok(hasFindings([{ ...found(), clean: 3 }]));
});

function column(values: (number | null)[], more: Partial<Column> = {}): Column {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, i) =>
    value === null ? view.setBigUint64(i * 8, 0x7ff00000000007a2n, true) : view.setFloat64(i * 8, value, true)
  );
  return {
    key: 'metrics.acc',
    label: 'acc',
    group: 'metrics',
    kind: 'number',
    direction: 'max',
    differs: true,
    is_integer: false,
    severities: [],
    values: view,
    ...more
  };
}

function dataOf(...columns: Column[]) {
  const run_ids = ['a', 'b', 'c'];
  return tableData({ project: 'p', run_ids, columns, total: 3, main_metric: null });
}

test('a missing number is not NaN', () => {
  const acc = dataOf(column([0.5, null, NaN])).columns[0];
  assert.deepEqual([acc.text(0), acc.text(1), acc.text(2)], ['0.5000', '–', 'NaN']);
  assert.equal(acc.value(1), undefined);
});

test('a delta knows which way is better', () => {
  const up = dataOf(column([0.5, 0.75, null])).columns[0];
  assert.deepEqual(deltaOf(up, 1, 0), { delta: 0.25, isBetter: true });
  assert.equal(deltaOf(up, 2, 0), null);
  assert.equal(deltaOf(up, 0, 0), null);
  const down = dataOf(column([0.5, 0.75, null], { direction: 'min' })).columns[0];
  assert.equal(deltaOf(down, 1, 0)?.isBetter, false);
  const unknown = dataOf(column([0.5, 0.75, null], { direction: null })).columns[0];
  assert.equal(deltaOf(unknown, 1, 0)?.isBetter, null);
});

test('filters compare numbers and look for text', () => {
  const passes = (filter: string, value: number | string | undefined) =>
    parseFilter(filter)!(value, String(value ?? '–'));
  assert.ok(passes('> 0.9', 0.95) && !passes('> 0.9', 0.9) && !passes('> 0.9', undefined));
  assert.ok(passes('0.1..0.3', 0.1) && !passes('0.1..0.3', 0.31));
  assert.ok(passes('= svc', 'SVC') && passes('!= SVC', 'Tree'));
  assert.ok(passes('forest', 'RandomForest') && passes('-', undefined));
  assert.equal(parseFilter('  '), null);
  assert.equal(parseFilter('>'), null);
});

test('texts with numbers sort by the numbers', () => {
  assert.ok(compareCells('run9', 'run10') < 0);
  assert.ok(compareCells(2, 10) < 0);
  assert.ok(compareCells(NaN, 1) > 0);
});

const VIEW: View = {
  sort: [], filters: {}, shown: {}, order: [], pinned: [], only_differs: true,
  metric: null, x_axis: 'step', is_log: false, smoothing: 0
};

function widthOf(label: string, values: unknown[]): number {
  const text = column([], { key: `params.${label}`, label, group: 'params', kind: 'text', values });
  return planColumns(dataOf(text), VIEW, false)[0].width;
}

test('a column has room for its label, and long texts get little more', () => {
  assert.ok(widthOf('gamma', ['1', '2', '3']) >= 50 + 18 + 24);
  assert.ok(widthOf('learning_rate_of_it', ['1', '2', '3']) <= 160 + 18 + 26);
  assert.equal(widthOf('model', ['HistGradientBoostingClassifier', 'b', 'c']), 180);
});

function diffLine(kind: DiffLine['kind'], before: string | null, after: string | null): DiffLine {
  return { kind, before, after, before_line: null, after_line: null };
}

test('a cell does not begin with the empty line where %%track stood', () => {
  const heading = diffLine('skipped', 'this cell', 'this cell');
  const blank = diffLine('same', '', '');
  const change = diffLine('changed', 'C = 1', 'C = 2');
  assert.deepEqual(withoutBlankStarts([blank, change, blank]), [change, blank]);
  assert.deepEqual(withoutBlankStarts([heading, blank, change]), [heading, change]);
  const gone = diffLine('removed', '', null);
  assert.deepEqual(withoutBlankStarts([heading, gone, diffLine('same', 'x', 'x'), heading, change]), [heading, change]);
});

test('the words of a line that the other side does not have are marked', () => {
  const marked = (parts: { text: string; isNew: boolean }[]) => parts.map(({ text, isNew }) => (isNew ? `[${text}]` : text)).join('');
  assert.deepEqual(wordParts('C, gamma = 1.0, 0.01', 'C, gamma = 1.0, 0.001').map(marked), [
    'C, gamma = 1.0, [0.01]',
    'C, gamma = 1.0, [0.001]'
  ]);
  assert.deepEqual(wordParts('import a', 'x = y').map(marked), ['import a', 'x = y']);
});

function mark(code: string, more: Partial<Mark> = {}): Mark {
  return { run_id: 'a', code, name: 'divergence', severity: 'error', message: 'it grows', metric: 'loss', step: 2, ...more };
}

test('marks near each other stand in rows, and a row is used again where there is room', () => {
  const placed = [0, 10, 60, 20, 300].map((left, i) => ({ mark: mark(`T0${i}`), left }));
  assert.deepEqual(rowsOf(placed), [0, 1, 0, 2, 0]);
});

test('a mark stands where its curve reaches the step', () => {
  assert.equal(pointAt(line([5, 4, 3]), 1.5), 2);
  assert.equal(pointAt(line([5, 4, 3]), 9), -1);
  assert.equal(beganText(mark('T02', { step: 1200 })), 'from step 1,200 of loss');
  assert.equal(beganText(mark('T02', { step: null })), 'of loss');
  assert.equal(beganText(mark('T02', { metric: null, step: null })), '');
});

test('marks are those of findings that are open and seen on a curve', () => {
  const runs = found({ metric: 'loss', step: 3 }, { metric: 'loss', step: 4, acknowledged: 'known' }, {});
  assert.deepEqual(marksOf([runs]).map(({ step, run_id }) => [run_id, step]), [['a', 3]]);
});

const WANTED: Wanted = { findings: 'warning', runs: 'unfinished' };

function foundMessage(severity: string): Parameters<typeof noticesIn>[0] {
  const content = { type: 'found', run_name: 'calm-otter', mark: { ...mark('T02'), severity } };
  return { header: { msg_type: 'comm_msg' }, content: { comm_id: 'x', data: { method: 'custom', content } } };
}

test('a finding of the level or above is told, once for its run and code', () => {
  const [notice] = noticesIn(foundMessage('error'), WANTED);
  assert.deepEqual(notice, { key: 'a T02', text: 'calm-otter: T02 divergence: it grows', level: 'error' });
  assert.deepEqual(noticesIn(foundMessage('info'), WANTED), []);
  assert.deepEqual(noticesIn(foundMessage('error'), { ...WANTED, findings: 'never' }), []);
});

test('the end of a run is told from the transient part of its card, and from nothing that is saved', () => {
  const ended = { run_id: 'a', run_name: 'calm-otter', status: 'interrupted', findings: [mark('T02')] };
  const card = { header: { msg_type: 'display_data' }, content: { data: {}, metadata: { aseptic: ended }, transient: { aseptic: ended } } };
  assert.deepEqual(noticesIn(card, WANTED).map(({ text }) => text), ['calm-otter: T02 divergence: it grows', 'calm-otter ended: interrupted']);
  assert.deepEqual(noticesIn({ ...card, content: { ...card.content, transient: {} } }, WANTED), []);
  assert.deepEqual(noticesIn({ ...card, content: { transient: { aseptic: { ...ended, status: 'finished', findings: [] } } } }, WANTED), []);
});

test('messages of any other shape tell nothing', () => {
  for (const content of [{}, { data: null }, { data: { method: 'custom', content: { type: 'found', mark: 3 } } }, { transient: { aseptic: [] } }]) {
    for (const msg_type of ['comm_msg', 'display_data', 'stream']) {
      assert.deepEqual(noticesIn({ header: { msg_type }, content }, WANTED), []);
    }
  }
});
