import { KafkaError, Rewinds, type PartitionLag, type Rewind } from '@chatplatform/kafka';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { Waker } from './waker.ts';

function setUp(lags: readonly PartitionLag[], failures = 0) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const rewinds = new Rewinds();
  const asked: Rewind[] = [];
  rewinds.onRequest((rewind) => asked.push(rewind));
  let left = failures;
  let calls = 0;
  const waker = new Waker({
    groupId: 'g',
    admin: {
      groupLag: () => {
        calls += 1;
        return left-- > 0
          ? Promise.reject(new KafkaError('unavailable', 'down'))
          : Promise.resolve([...lags]);
      },
    },
    rewinds,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    signal: stop.signal,
  });
  return { clock, stop, asked, waker, calls: () => calls };
}

function lag(partition: number, begin: number, committed: number): PartitionLag {
  return { partition, begin, committed, end: Math.max(begin, committed), lag: 0 };
}

test('asks for the last committed record of each partition that waits for a batch', async () => {
  const { waker, asked, clock } = setUp([lag(0, 0, 10), lag(1, 0, 20), lag(2, 5, 6)]);
  waker.wake('t', (partition) => partition !== 1);
  await clock.advance(0);
  expect(asked).toEqual([
    { topic: 't', partition: 0, offset: 9 },
    { topic: 't', partition: 2, offset: 5 },
  ]);
});

test('leaves alone what was never committed or has left the log', async () => {
  const { waker, asked, clock } = setUp([lag(0, 0, -1), lag(1, 0, 0), lag(2, 30, 30), lag(3, 40, 20)]);
  waker.wake('t', () => true);
  await clock.advance(0);
  expect(asked).toEqual([]);
});

test('asks Kafka until it answers, and the partitions right before', async () => {
  const { waker, asked, clock } = setUp([lag(0, 0, 10), lag(1, 0, 20)], 8);
  const sleepers = new Set([0, 1]);
  waker.wake('t', (partition) => sleepers.has(partition));
  await clock.advance(100);
  sleepers.delete(1);
  await clock.advance(30_000);
  expect(asked).toEqual([{ topic: 't', partition: 0, offset: 9 }]);
});

test('a stop ends the asking', async () => {
  const { waker, stop, clock, calls } = setUp([], 100);
  waker.wake('t', () => true);
  await clock.advance(100);
  stop.abort();
  await clock.advance(0);
  const before = calls();
  await clock.advance(60_000);
  expect(calls()).toBe(before);
  expect(clock.pendingTimers).toBe(0);
});
