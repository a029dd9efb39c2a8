import { jest } from '@jest/globals';
import { until } from '@chatplatform/runtime';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import { driverNames, drivers } from './drivers.ts';
import { expectOnlyPassingErrors, expectOrderedFirstCopies, expectTrueAnswers, logOf, pour } from './pour.ts';
import { Reader } from './reader.ts';

jest.setTimeout(180_000);

const PARTITIONS = 6;
let store: KafkaStore;
beforeAll(async () => {
  store = await startKafka({ brokers: 3 });
});
afterAll(() => store.stop());

test.each(driverNames)(
  '%s: two of three brokers are killed one after the other under produce and consume: nothing acknowledged is lost, doubled silently or out of order',
  async (driver) => {
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
  },
);

function partitionsServed(
  sent: readonly { readonly partition: number; readonly answer?: unknown }[],
): number[] {
  return sent.filter(({ answer }) => answer !== undefined).map(({ partition }) => partition);
}
