import { ManualClock, seededRandom } from '@chatplatform/runtime';
import * as fc from 'fast-check';
import { KafkaError } from '../errors.ts';
import type { Appended, OutRecord, ProducerOptions } from '../port/producer.ts';
import { BatchingProducer } from './batching-producer.ts';
import type { ProduceTransport, Slice, SliceResult } from './transport.ts';

type Plan = 'ok' | 'lost' | 'refused' | 'hangs';

/** A broker that follows a plan, one step per request, then answers everything. */
class PlannedTransport implements ProduceTransport {
  readonly log = new Map<number, string[]>();
  readonly sizes: number[] = [];
  flying = 0;
  maxFlying = 0;
  alive = true;
  poison: string | undefined;
  readonly #clock: ManualClock;
  readonly #plan: Plan[];

  constructor(clock: ManualClock, plan: Plan[] = []) {
    this.#clock = clock;
    this.#plan = plan;
  }

  leaderOf(): string {
    return 'n1';
  }

  async send(slices: readonly Slice[]): Promise<readonly SliceResult[]> {
    this.flying += 1;
    this.maxFlying = Math.max(this.maxFlying, this.flying);
    this.sizes.push(slices.reduce((sum, slice) => sum + slice.records.length, 0));
    const step = this.alive ? (this.#plan.shift() ?? 'ok') : 'refused';
    await this.#clock.sleep(step === 'hangs' ? 20_000 : 5);
    this.flying -= 1;
    return slices.map((slice) => this.#answer(slice, step));
  }

  probe(): Promise<KafkaError | undefined> {
    return Promise.resolve(this.alive ? undefined : new KafkaError('unavailable', 'refused'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #answer(slice: Slice, step: Plan): SliceResult {
    const error = new KafkaError('unavailable', step);
    if (step === 'refused') return { ok: false, written: 'no', error };
    if (slice.records.some((record) => record.value === this.poison)) {
      return { ok: false, written: 'no', error: new KafkaError('too-large', 'refused for good') };
    }
    const log = this.log.get(slice.partition) ?? [];
    this.log.set(slice.partition, log);
    const baseOffset = log.length;
    log.push(...slice.records.map((record) => String(record.value)));
    if (step === 'lost') return { ok: false, written: 'unknown', error };
    return { ok: true, baseOffset, timestamp: this.#clock.now() };
  }
}

function setUp(plan: Plan[] = [], options: ProducerOptions = {}) {
  const clock = new ManualClock();
  const transport = new PlannedTransport(clock, plan);
  const producer = new BatchingProducer(options, { transport, clock, random: seededRandom(1) });
  const outcomes: (Appended | string)[] = [];
  const append = (value: string, partition = 0): void => {
    const index = outcomes.push('waiting') - 1;
    producer.append(record(value, partition)).then(
      (appended) => (outcomes[index] = appended),
      (error: KafkaError) => (outcomes[index] = error.code),
    );
  };
  return { clock, transport, producer, outcomes, append };
}

function record(value: string, partition = 0): OutRecord {
  return { topic: 't', partition, key: 'k', value };
}

const firstCopies = (log: readonly string[]): string[] => [...new Set(log)];

describe('requests to a leader are spaced', () => {
  test('the first goes at once, and what comes during its spacing goes together', async () => {
    const carried: number[] = [];
    const spacing = (records: number): number => (carried.push(records), 20);
    const { clock, transport, append, outcomes } = setUp([], { spacing });
    append('a');
    await clock.advance(6);
    expect(outcomes[0]).toMatchObject({ offset: 0 });
    for (const value of ['b', 'c', 'd']) append(value);
    await clock.advance(13);
    expect(transport.sizes).toEqual([1]);
    await clock.advance(10);
    expect(transport.sizes).toEqual([1, 3]);
    expect(carried).toEqual([1, 3]);
    expect(outcomes.slice(1)).toMatchObject([{ offset: 1 }, { offset: 2 }, { offset: 3 }]);
  });

  test('a pause after a failure is not cut short', async () => {
    const { clock, transport, append } = setUp(['refused'], { spacing: () => 1 });
    append('a');
    await clock.advance(20);
    expect(transport.sizes).toEqual([1]);
    await clock.advance(600);
    expect(transport.sizes).toEqual([1, 1]);
  });
});

test('sends at once when idle, collects while a request is in flight', async () => {
  const { clock, transport, append, outcomes } = setUp();
  append('a');
  await clock.advance(1);
  for (const value of ['b', 'c', 'd']) append(value);
  await clock.advance(20);
  expect(transport.sizes).toEqual([1, 3]);
  expect(transport.maxFlying).toBe(1);
  expect(outcomes).toEqual([0, 1, 2, 3].map((offset) => expect.objectContaining({ offset, certain: true })));
});

test('a micro-batch holds at most 512 records and 512 KiB', async () => {
  const { clock, transport, append } = setUp();
  for (let i = 0; i < 600; i += 1) append(String(i));
  await clock.advance(20);
  expect(transport.sizes).toEqual([512, 88]);
  for (let i = 0; i < 3; i += 1) append('x'.repeat(200_000) + i);
  await clock.advance(20);
  expect(transport.sizes.slice(2)).toEqual([2, 1]);
});

test('a lost answer is retried and the record is reported as uncertain', async () => {
  const { clock, transport, append, outcomes } = setUp(['lost']);
  append('a');
  await clock.advance(1000);
  expect(transport.log.get(0)).toEqual(['a', 'a']);
  expect(outcomes).toEqual([expect.objectContaining({ certain: false })]);
});

test('a final failure fails everything queued behind it on its partition and nothing elsewhere', async () => {
  const { clock, transport, append, outcomes } = setUp();
  transport.poison = 'bad';
  append('a');
  append('bad');
  append('c');
  append('other', 1);
  await clock.advance(1000);
  expect(outcomes).toEqual([
    expect.objectContaining({ offset: 0 }),
    'too-large',
    'behind-failure',
    expect.objectContaining({ partition: 1 }),
  ]);
  append('c');
  await clock.advance(100);
  expect(transport.log.get(0)).toEqual(['a', 'c']);
});

test('the deadline fails the head and what is behind it, even while their request hangs', async () => {
  const { clock, append, outcomes } = setUp(['hangs']);
  append('a');
  await clock.advance(6000);
  append('b');
  await clock.advance(4200);
  expect(outcomes).toEqual(['timeout', 'behind-failure']);
});

test('nothing new of a partition is sent while an abandoned request is still under way', async () => {
  const { clock, transport, append, outcomes } = setUp(['hangs']);
  append('a');
  await clock.advance(11_000);
  append('b');
  await clock.advance(1000);
  expect(transport.maxFlying).toBe(1);
  await clock.advance(9000);
  expect(outcomes).toEqual(['timeout', expect.objectContaining({ offset: 1 })]);
});

test('goes down after 2 s without a broker, rejects at once, and comes back by itself', async () => {
  const { clock, transport, producer, append, outcomes } = setUp();
  const states: string[] = [];
  producer.onState((state) => states.push(state));
  transport.alive = false;
  append('a');
  await clock.advance(3500);
  append('b');
  await clock.advance(1);
  expect(outcomes).toEqual(['waiting', 'unavailable']);
  transport.alive = true;
  await clock.advance(1500);
  expect(outcomes[0]).toMatchObject({ offset: 0 });
  expect(states).toEqual(['down', 'up']);
});

test('appendAll settles once for all: when every record is written, or with the first failure', async () => {
  const { clock, transport, producer } = setUp();
  const all = producer.appendAll(['a', 'b', 'c'].map((value) => record(value)));
  await clock.advance(10);
  await expect(all).resolves.toBeUndefined();
  transport.poison = 'bad';
  const failing = producer.appendAll([record('d'), record('bad'), record('e')]);
  const outcome = expect(failing).rejects.toMatchObject({ code: 'too-large' });
  await clock.advance(1000);
  await outcome;
  expect(transport.log.get(0)).toEqual(['a', 'b', 'c', 'd']);
});

test('bounds what waits by bytes', async () => {
  const { clock, transport, append, outcomes } = setUp();
  transport.alive = false;
  for (let i = 0; i < 70; i += 1) append('x'.repeat(500_000));
  await clock.advance(1);
  expect(outcomes.filter((outcome) => outcome === 'queue-full').length).toBe(3);
});

test('an outage is noticed and its end, too, when nothing is written', async () => {
  const { clock, transport, producer } = setUp();
  const states: string[] = [];
  producer.onState((state) => states.push(state));
  await clock.advance(1000);
  transport.alive = false;
  await clock.advance(8000);
  expect(states).toEqual(['down']);
  transport.alive = true;
  await clock.advance(1000);
  expect(states).toEqual(['down', 'up']);
});

test('close rejects what waits and leaves no timer', async () => {
  const { clock, transport, producer, append, outcomes } = setUp();
  transport.alive = false;
  append('a');
  await clock.advance(100);
  await producer.close();
  await clock.advance(0);
  expect(outcomes).toEqual(['closed']);
  expect(clock.pendingTimers).toBe(0);
});

test('flush waits for what was appended before it, not for what comes after', async () => {
  const { clock, producer, append } = setUp();
  append('a');
  let flushed = false;
  void producer.flush(1000).then(() => (flushed = true));
  await clock.advance(10);
  expect(flushed).toBe(true);
});

test('property: whatever fails, first copies stand in append order and every acknowledged record is there', async () => {
  const step = fc.constantFrom<Plan>('ok', 'ok', 'lost', 'refused');
  const wave = fc.record({ count: fc.integer({ min: 1, max: 8 }), pause: fc.integer({ min: 0, max: 400 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(wave, { minLength: 1, maxLength: 8 }),
      async (plan, waves) => {
        const { clock, transport, append, outcomes } = setUp([...plan]);
        let next = 0;
        for (const { count, pause } of waves) {
          for (let i = 0; i < count; i += 1) append(String(next++));
          await clock.advance(pause);
        }
        await clock.advance(12_000);
        const kept = firstCopies(transport.log.get(0) ?? []).map(Number);
        expect(kept).toEqual([...kept].sort((a, b) => a - b));
        outcomes.forEach((outcome, value) => {
          if (typeof outcome === 'string') return;
          expect(transport.log.get(0)?.[outcome.offset]).toBe(String(value));
          if (outcome.certain)
            expect(transport.log.get(0)?.filter((copy) => copy === String(value))).toHaveLength(1);
        });
        expect(outcomes).not.toContain('waiting');
      },
    ),
    { numRuns: 60 },
  );
});
