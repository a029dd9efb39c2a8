import { memoryKafka } from '@chatplatform/kafka';
import { ManualClock } from '@chatplatform/runtime';
import { logReplaced } from './log-end.ts';
import { NAMES, World } from './test/world.ts';

async function looks(clock: ManualClock, count: number): Promise<void> {
  for (let look = 0; look < count; look += 1) {
    await clock.advance(30_000);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  }
}

test('another epoch in the control topic ends the log, and an outage of Kafka does not', async () => {
  const kafka = memoryKafka();
  const admin = kafka.admin();
  await admin.ensureTopics([{ name: 'control', partitions: 1, replicationFactor: 1 }]);
  const epoch = await admin.ensureEpoch('control');
  const clock = new ManualClock();
  const { signal } = new AbortController();
  let next: string | undefined;
  void logReplaced('control', epoch, { reader: kafka.logReader(), clock, signal }).then((found) => {
    next = found;
  });
  await looks(clock, 2);
  kafka.faults.outage = true;
  await looks(clock, 2);
  kafka.faults.outage = false;
  expect(next).toBeUndefined();
  const renewed = await admin.ensureEpoch('control', epoch);
  await looks(clock, 2);
  expect(next).toBe(renewed);
});

test('a worker of a log that was replaced ends, to be started anew', async () => {
  const clock = new ManualClock();
  const world = await new World().open();
  const worker = await world.worker({ clock });
  const failed = worker.failed.catch((error: Error) => error.message);
  await looks(clock, 1);
  const renewed = await world.kafka.admin().ensureEpoch(NAMES.topics.control, world.epoch);
  await looks(clock, 2);
  expect(await failed).toContain(renewed);
  await worker.kill();
  await world.close();
});
