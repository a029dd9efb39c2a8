import type { InRecord, LogRange, RangeReader } from '@chatplatform/kafka';
import { Deferred, ManualClock } from '@chatplatform/runtime';
import * as fc from 'fast-check';
import { Turns } from './turns.ts';

const TOPIC = 't';

/** A log of which each partition has these offsets; some offsets hold nothing, as in a compacted or transactional one. */
function logWith(begin: number, offsets: readonly number[], end: number) {
  const reads: LogRange[] = [];
  const reader: RangeReader = {
    bounds: () => Promise.resolve({ begin, end }),
    read: (range) => {
      reads.push(range);
      const { from, to, maxRecords, partition } = range;
      const found = offsets.filter((offset) => offset >= from && offset < to).slice(0, maxRecords);
      return Promise.resolve(
        found.map(
          (offset): InRecord => ({ partition, offset, timestamp: 0, key: 'r', value: null, headers: {} }),
        ),
      );
    },
  };
  return { reader, reads };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, offset) => offset);

test('all who wait for a partition read it once, each gets its own range, and other partitions have their turn', async () => {
  const { reader, reads } = logWith(0, upTo(12_000), 12_000);
  const turns = new Turns({ reader, clock: new ManualClock(), count: 1, patienceMs: 1_000 });
  const first = new Deferred();
  const before = turns.run(9, () => first.promise);
  const ranges = Array.from({ length: 500 }, (_, at) => ({ from: at * 20, to: at * 20 + 2_000 }));
  const together = ranges.map((range) =>
    turns.run(1, (shared) => shared.read({ topic: TOPIC, partition: 1, ...range, maxRecords: 5_000 })),
  );
  const other = turns.run(2, (alone) =>
    alone.read({ topic: TOPIC, partition: 2, from: 7, to: 9, maxRecords: 5_000 }),
  );
  first.resolve();
  await before;
  const found = await Promise.all(together);
  for (const [at, { from, to }] of ranges.entries()) {
    const offsets = (found[at] as InRecord[]).map(({ offset }) => offset);
    expect(offsets).toEqual(upTo(12_000).slice(from, to));
  }
  expect((await other) as InRecord[]).toHaveLength(2);
  expect(reads.filter(({ partition }) => partition === 1)).toHaveLength(3);
  expect(reads.filter(({ partition }) => partition === 2)).toHaveLength(1);
});

test('who waits too long is told, and takes nobody else with it', async () => {
  const { reader } = logWith(0, upTo(10), 10);
  const clock = new ManualClock();
  const turns = new Turns({ reader, clock, count: 1, patienceMs: 1_000 });
  const first = new Deferred();
  const before = turns.run(1, () => first.promise);
  const early = turns.run(1, () => Promise.resolve('read'));
  await clock.advance(600);
  const late = turns.run(1, () => Promise.resolve('read'));
  await clock.advance(600);
  expect(await early).toBe('busy');
  first.resolve();
  await before;
  expect(await late).toBe('read');
  expect(await turns.run(1, () => Promise.resolve('at once'))).toBe('at once');
});

test('one that fails ends its own reading only', async () => {
  const { reader } = logWith(0, upTo(10), 10);
  const turns = new Turns({ reader, clock: new ManualClock(), count: 1, patienceMs: 1_000 });
  const before = turns.run(1, () => Promise.resolve());
  const bad = turns.run(1, () => Promise.reject(new Error('no')));
  const good = turns.run(1, () => Promise.resolve('read'));
  await before;
  await expect(bad).rejects.toThrow('no');
  expect(await good).toBe('read');
});

test('property: read together, every range gives what it gives alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(20_000), fc.nat(20_000), fc.integer({ min: 1, max: 70 })), { minLength: 2 }),
      fc.nat(9_000),
      async (all, wanted, begin) => {
        const offsets = all.filter((offset) => offset >= begin).sort((a, b) => a - b);
        const end = Math.max(begin, (offsets.at(-1) ?? begin) + 1);
        const { reader } = logWith(begin, offsets, end);
        const turns = new Turns({ reader, clock: new ManualClock(), count: 1, patienceMs: 1_000 });
        const before = turns.run(1, () => Promise.resolve());
        const ranges = wanted.map(([a, b, maxRecords]) => {
          const from = Math.max(begin, Math.min(a, b, end));
          return { topic: TOPIC, partition: 1, from, to: Math.max(a, b, from), maxRecords };
        });
        const together = await Promise.all(
          ranges.map((range) => turns.run(1, (shared) => shared.read(range))),
        );
        await before;
        expect(together).toEqual(await Promise.all(ranges.map((range) => reader.read(range))));
      },
    ),
    { numRuns: 60 },
  );
});
