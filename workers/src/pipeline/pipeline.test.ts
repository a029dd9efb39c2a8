import type { BatchResult, RecordBatch } from '@chatplatform/kafka';
import { RedisError, type Generation } from '@chatplatform/redis';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { createMetrics, silentLogger } from '@chatplatform/telemetry';
import { pipelineMetrics } from './pipeline-metrics.ts';
import { Pipeline } from './pipeline.ts';
import type { SpanResult } from './service.ts';

const GENERATION = { life: 'life', name: 'now' };
const BEFORE = { life: 'life', name: 'before the loss' };

/** One record per second of log time, offset = second. */
function setUp(o: { offsetAt?: number; marks?: Map<number, Generation> } = {}) {
  const clock = new ManualClock();
  let doubts = 0;
  const spans: { from: number; to: number; floor: number }[] = [];
  const results: (SpanResult | Error)[] = [];
  /** Partitions that wait for a batch, at each call. */
  const woken: number[][] = [];
  /** Partition → generation in which it was last complete; of a store that lost nothing when absent. */
  const marks = o.marks ?? new Map([0, 1].map((partition) => [partition, GENERATION]));
  /** Where readings began, in the order in which it was asked what they have. */
  const horizons: { partition: number; begin: number }[] = [];
  /** Partition → where what was rebuilt begins. */
  const rebuilt = new Map<number, number>();
  const pipeline = new Pipeline({
    service: {
      apply: ({ records, floor }) => {
        spans.push({ from: records[0]?.offset ?? -1, to: records.at(-1)?.offset ?? -1, floor });
        const result = results.shift() ?? 'done';
        return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
      },
      forget: () => undefined,
    },
    admin: {
      offsetAt: (_topic, _partition, since) => Promise.resolve(o.offsetAt ?? Math.max(0, since / 1000)),
    },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: pipelineMetrics(createMetrics({ defaults: false })),
    store: {
      confirm: () => Promise.resolve(GENERATION),
      doubt: () => (doubts += 1),
      rebuiltIn: (_topic, partition) => Promise.resolve(marks.get(partition)),
      horizon: (_topic, partition, { begin }) => {
        horizons.push({ partition, begin });
        return Promise.resolve(begin);
      },
      markRebuilt: (_topic, partition, { generation, begin }) => {
        marks.set(partition, generation);
        rebuilt.set(partition, begin);
        return Promise.resolve();
      },
    },
    waker: {
      wake: (_topic, sleepers) => {
        woken.push([0, 1].filter((partition) => sleepers(partition)));
      },
    },
  });
  return { clock, spans, results, pipeline, woken, horizons, rebuilt, doubts: () => doubts };
}

function batch(from: number, to: number, more: Partial<RecordBatch> = {}): RecordBatch {
  const records = Array.from({ length: to - from + 1 }, (_, at) => ({
    partition: 0,
    offset: from + at,
    timestamp: (from + at) * 1000,
    key: null,
    value: null,
    headers: {},
  }));
  return {
    topic: 't',
    partition: 0,
    records,
    highWatermark: to + 1,
    tenure: 1,
    firstAfterAssignment: true,
    committed: undefined,
    heartbeat: () => Promise.resolve(),
    isStale: () => false,
    ...more,
  };
}

test('a group that never committed starts at the beginning, without going back', async () => {
  const { pipeline, spans } = setUp();
  expect(await pipeline.handle(batch(0, 9))).toEqual({ commit: 10 });
  expect(spans).toEqual([{ from: 0, to: 9, floor: 0 }]);
});

test('an assignment goes back 60 s from the last committed record, and commits nothing below the commit', async () => {
  const { pipeline, spans } = setUp();
  const committed = { committed: 500 };
  const steps: BatchResult[] = [];
  // An hour passed between the last committed record and the next one.
  steps.push(await pipeline.handle(batch(500, 500, committed)));
  steps.push(await pipeline.handle(batch(499, 500, committed)));
  steps.push(await pipeline.handle(batch(439, 480, committed)));
  steps.push(await pipeline.handle(batch(481, 499, committed)));
  steps.push(await pipeline.handle(batch(500, 520, committed)));
  expect(steps).toEqual([{ seek: 499 }, { seek: 439 }, { seek: 481 }, { seek: 500 }, { commit: 521 }]);
  expect(spans.map((span) => span.floor)).toEqual([500, 500, 500]);
});

test('a batch across the commit is applied as a whole and committed', async () => {
  const { pipeline } = setUp({ offsetAt: 8 });
  const committed = { committed: 10 };
  await pipeline.handle(batch(10, 12, committed));
  expect(await pipeline.handle(batch(9, 9, committed))).toEqual({ seek: 8 });
  expect(await pipeline.handle(batch(8, 12, committed))).toEqual({ commit: 13 });
});

test('the same tenure goes back once, a new one again', async () => {
  const { pipeline } = setUp();
  await pipeline.handle(batch(100, 100, { committed: 100 }));
  await pipeline.handle(batch(99, 100, { committed: 100 }));
  await pipeline.handle(batch(39, 100, { committed: 100 }));
  expect(await pipeline.handle(batch(101, 110, { committed: 101, firstAfterAssignment: false }))).toEqual({
    commit: 111,
  });
  expect(await pipeline.handle(batch(111, 120, { committed: 111, tenure: 2 }))).toEqual({ seek: 110 });
});

test('behind goes back by 60 s of work, not of log', async () => {
  const { pipeline, results, clock } = setUp();
  for (let at = 0; at < 12; at += 1) {
    await pipeline.handle(batch(at * 1000, at * 1000 + 999));
    await clock.advance(10_000);
  }
  results.push('behind');
  expect(await pipeline.handle(batch(12_000, 12_999))).toEqual({ seek: 6000 });
  expect(await pipeline.handle(batch(6000, 12_999))).toEqual({ commit: 13_000 });
});

test('a lost store goes back 10 minutes before the next record is applied', async () => {
  const { pipeline, spans } = setUp();
  await pipeline.handle(batch(0, 999));
  pipeline.storeLost();
  expect(await pipeline.handle(batch(1000, 1000))).toEqual({ seek: 999 });
  expect(await pipeline.handle(batch(999, 1000))).toEqual({ seek: 0 });
  expect(await pipeline.handle(batch(0, 1000))).toEqual({ commit: 1001 });
  expect(spans.at(-1)).toEqual({ from: 0, to: 1000, floor: 1000 });
});

test('every assigned partition is woken, so that a quiet one goes back too', async () => {
  const { pipeline, woken } = setUp();
  pipeline.assigned('t', [0, 1]);
  expect(woken).toEqual([[0, 1]]);
  expect(await pipeline.handle(batch(499, 499, { committed: 500 }))).toEqual({ seek: 439 });
  expect(await pipeline.handle(batch(439, 499, { committed: 500 }))).toEqual({ seek: 500 });
  pipeline.assigned('t', [0]);
  expect(woken).toEqual([[0, 1], [0]]);
  expect(await pipeline.handle(batch(499, 499, { committed: 500 }))).toEqual({ seek: 500 });
});

test('a lost store wakes every partition at once, and one that goes back by itself is left alone', async () => {
  const { pipeline, woken } = setUp();
  pipeline.assigned('t', [0, 1]);
  await pipeline.handle(batch(0, 999));
  await pipeline.handle(batch(0, 999, { partition: 1 }));
  pipeline.storeLost();
  expect(woken.at(-1)).toEqual([0, 1]);
  expect(await pipeline.handle(batch(999, 999))).toEqual({ seek: 0 });
  pipeline.storeLost();
  expect(await pipeline.handle(batch(1000, 1000))).toEqual({ seek: 999 });
  expect(await pipeline.handle(batch(999, 1000))).toEqual({ seek: 0 });
  pipeline.assigned('t', [1]);
  expect(woken.at(-1)).toEqual([1]);
});

test('behind in one partition has the others go back 60 s too, and the store looked at before', async () => {
  const { pipeline, results, woken, doubts } = setUp();
  pipeline.assigned('t', [0, 1]);
  await pipeline.handle(batch(0, 99));
  await pipeline.handle(batch(0, 999, { partition: 1 }));
  results.push('behind');
  expect(doubts()).toBe(0);
  expect(await pipeline.handle(batch(100, 199))).toEqual({ seek: 0 });
  expect(doubts()).toBe(1);
  expect(woken.at(-1)).toEqual([1]);
  expect(await pipeline.handle(batch(999, 999, { partition: 1 }))).toEqual({ seek: 0 });
});

test('a replay that a rebalance cuts short begins anew, in the same tenure too', async () => {
  const { pipeline } = setUp();
  pipeline.assigned('t', [0]);
  expect(await pipeline.handle(batch(499, 499, { committed: 500 }))).toEqual({ seek: 439 });
  expect(await pipeline.handle(batch(439, 449, { committed: 500 }))).toEqual({ seek: 450 });
  pipeline.assigned('t', [0]);
  expect(await pipeline.handle(batch(500, 500, { committed: 500 }))).toEqual({ seek: 499 });
  expect(await pipeline.handle(batch(499, 500, { committed: 500 }))).toEqual({ seek: 439 });
});

test('what leads back less far cuts no longer replay short', async () => {
  const { pipeline, results } = setUp();
  pipeline.assigned('t', [0, 1]);
  expect(await pipeline.handle(batch(999, 999, { committed: 1000 }))).toEqual({ seek: 939 });
  pipeline.storeLost();
  expect(await pipeline.handle(batch(939, 940, { committed: 1000 }))).toEqual({ seek: 339 });
  expect(await pipeline.handle(batch(339, 349, { committed: 1000 }))).toEqual({ seek: 350 });
  await pipeline.handle(batch(0, 9, { partition: 1 }));
  results.push('behind');
  await pipeline.handle(batch(10, 19, { partition: 1 }));
  expect(await pipeline.handle(batch(999, 999, { committed: 1000 }))).toEqual({ seek: 339 });
});

test('a batch that is too late does not count as having gone back', async () => {
  const { pipeline, woken } = setUp();
  pipeline.assigned('t', [0]);
  await pipeline.handle(batch(499, 499, { committed: 500, isStale: () => true }));
  pipeline.storeLost();
  expect(woken.at(-1)).toEqual([0]);
  expect(await pipeline.handle(batch(499, 499, { committed: 500 }))).toEqual({ seek: 0 });
});

test('what has left the log is not sought', async () => {
  const { pipeline } = setUp({ offsetAt: 600 });
  expect(await pipeline.handle(batch(600, 610, { committed: 500 }))).toEqual({ commit: 611 });
});

test('infrastructure errors are waited out with heartbeats, for as long as it takes', async () => {
  const { pipeline, results, clock, spans } = setUp();
  for (let tries = 0; tries < 50; tries += 1) results.push(new RedisError('unavailable', 'down'));
  let beats = 0;
  const handled = pipeline.handle(batch(0, 0, { heartbeat: () => Promise.resolve(void (beats += 1)) }));
  await clock.advance(200_000);
  expect(await handled).toEqual({ commit: 1 });
  expect(spans).toHaveLength(51);
  expect(beats).toBe(50);
});

test('a partition that is taken away, or a stop, ends the waiting: nothing is committed', async () => {
  const { pipeline, results } = setUp();
  results.push(new RedisError('unavailable', 'down'));
  expect(await pipeline.handle(batch(5, 9, { isStale: () => true }))).toEqual({ seek: 5 });
});

test('a defect is passed on, so that the batch is read again and never skipped', async () => {
  const { pipeline, results } = setUp();
  results.push(new TypeError('bug'));
  await expect(pipeline.handle(batch(0, 0))).rejects.toThrow('bug');
});

test('a partition nobody rebuilt since a loss goes back 10 minutes, and 60 s once somebody did', async () => {
  const marks = new Map([[0, BEFORE]]);
  const first = setUp({ marks });
  const committed = { committed: 1000 };
  expect(await first.pipeline.handle(batch(999, 999, committed))).toEqual({ seek: 399 });
  expect(await first.pipeline.handle(batch(399, 700, committed))).toEqual({ seek: 701 });
  // Only who comes up to the commit has rebuilt it.
  expect(marks.get(0)).toBe(BEFORE);
  expect(await first.pipeline.handle(batch(701, 1000, committed))).toEqual({ commit: 1001 });
  expect(marks.get(0)).toBe(GENERATION);
  const second = setUp({ marks });
  expect(await second.pipeline.handle(batch(999, 999, committed))).toEqual({ seek: 939 });
});

test('a partition without a commit is complete from its first batch on', async () => {
  const marks = new Map<number, Generation>();
  const { pipeline } = setUp({ marks });
  expect(await pipeline.handle(batch(0, 9))).toEqual({ commit: 10 });
  expect(marks.get(0)).toBe(GENERATION);
});

test('neither a batch that is too late nor a replay that a loss cuts short makes a partition rebuilt', async () => {
  const marks = new Map<number, Generation>();
  const { pipeline } = setUp({ marks });
  const late = { committed: 1000, isStale: () => true };
  expect(await pipeline.handle(batch(999, 999, { committed: 1000 }))).toEqual({ seek: 399 });
  expect(await pipeline.handle(batch(399, 999, late))).toEqual({ seek: 1000 });
  expect(marks.size).toBe(0);
  pipeline.storeLost();
  expect(await pipeline.handle(batch(1000, 1000, { committed: 1000 }))).toEqual({ seek: 999 });
  expect(marks.size).toBe(0);
});

test('what a replay brings back begins with its first batch, whoever asks, once in a generation', async () => {
  const { pipeline, horizons, rebuilt } = setUp({ marks: new Map() });
  await pipeline.handle(batch(1999, 1999, { committed: 2000 }));
  await pipeline.handle(batch(1399, 1500, { committed: 2000 }));
  expect(horizons).toEqual([{ partition: 0, begin: 1399 }]);
  expect(rebuilt.size).toBe(0);
  await pipeline.handle(batch(1501, 2010, { committed: 2000 }));
  expect(horizons.length).toBe(1);
  expect(rebuilt.get(0)).toBe(1399);
});
