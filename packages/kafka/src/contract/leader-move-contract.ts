import { until } from '@chatplatform/runtime';
import type { Brokers } from './broker-contract.ts';
import { drivers } from './drivers.ts';
import { expectOnlyPassingErrors, expectOrderedFirstCopies, expectTrueAnswers, logOf, pour } from './pour.ts';
import { Reader } from './reader.ts';

const PARTITIONS = 6;

/** What a driver promises while partitions change their leaders. */
export function leaderMoveContract(
  start: (options: { brokers: number }) => Promise<Brokers>,
  driver: keyof typeof drivers,
): void {
  let store: Brokers;
  beforeAll(async () => {
    store = await start({ brokers: 3 });
  });
  afterAll(() => store.stop());

  test(`${driver}: two of three brokers are killed one after the other under produce and consume: nothing acknowledged is lost, doubled silently or out of order`, async () => {
    const kafka = drivers[driver]({ bootstrapServers: store.bootstrapServers, clientId: 'move' });
    const topic = `move-${driver}`;
    const config = { 'min.insync.replicas': '2' };
    await kafka.admin().ensureTopics([{ name: topic, partitions: PARTITIONS, replicationFactor: 3, config }]);
    const reader = new Reader(kafka.consumer());
    await reader.start(topic, `${topic}-g`);
    await until(() => reader.assigned.size === PARTITIONS, 30_000);
    const pouring = pour(kafka.producer(), { topic, partitions: PARTITIONS, gapMs: 20 });
    await until(() => pouring.acknowledged() > 300, 30_000);
    // Each broker leads a third of the partitions, so each death moves leaders, and one of them the coordinator.
    for (const broker of store.brokers.slice(0, 2)) {
      await broker.process.kill9();
      const mark = pouring.sent.length;
      // Of every partition something is acknowledged by a new leader before the old one is back.
      await until(() => new Set(partitionsServed(pouring.sent.slice(mark))).size === PARTITIONS, 40_000);
      await broker.process.start();
      const back = pouring.sent.length;
      await until(() => pouring.acknowledged(back) > 300, 40_000);
    }
    await pouring.stop();
    expectOrderedFirstCopies(await logOf(reader, pouring.sent));
    expectTrueAnswers(pouring.sent, reader);
    expect(reader.overlaps).toBe(0);
    expectOnlyPassingErrors(pouring.sent);
    await kafka.close();
  }, 180_000);
}

function partitionsServed(
  sent: readonly { readonly partition: number; readonly answer?: unknown }[],
): number[] {
  return sent.filter(({ answer }) => answer !== undefined).map(({ partition }) => partition);
}
