import { jest } from '@jest/globals';
import { until } from '@chatplatform/runtime';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import type { Kafka } from '../port/kafka.ts';
import { driverNames, drivers } from './drivers.ts';
import { Member } from './member.ts';
import type { MemberOrder } from './member-process.ts';
import { pour } from './pour.ts';
import { Reader } from './reader.ts';

jest.setTimeout(120_000);

const PARTITIONS = 4;
/**
 * Longest silence of a partition whose member died and came back at once, ms, without the time a process takes to
 * start; and of the other partitions.
 */
const BOUNDS = {
  // The dead member is waited for until its session ends, and the others wait with it.
  kafkajs: { sessionTimeoutMs: 6_000, dead: 25_000, others: 25_000 },
  // One join on a busy machine. Waiting for the session would take far longer.
  platformatic: { sessionTimeoutMs: 30_000, dead: 10_000, others: 10_000 },
};

let store: KafkaStore;
beforeAll(async () => {
  store = await startKafka();
});
afterAll(() => store.stop());

test.each(driverNames)(
  '%s: a member that is killed and started again misses nothing, and how long its partitions are silent is bounded',
  async (driver) => {
    const { bootstrapServers } = store;
    const kafka = drivers[driver]({ bootstrapServers, clientId: 'death' });
    const topic = `death-${driver}`;
    await kafka.admin().ensureTopics([{ name: topic, partitions: PARTITIONS, replicationFactor: 1 }]);
    const order = (instanceId: string): MemberOrder => ({
      ...{ driver, bootstrapServers, topic, groupId: `${topic}-g`, instanceId },
      sessionTimeoutMs: BOUNDS[driver].sessionTimeoutMs,
    });
    const members = [new Member(order('one')), new Member(order('two'))];
    const [victim, other] = members as [Member, Member];
    await until(() => victim.assigned.length === 2 && other.assigned.length === 2, 60_000);
    const pouring = pour(kafka.producer(), { topic, partitions: PARTITIONS, gapMs: 50 });
    await until(() => victim.seen.length > 20 && other.seen.length > 20, 30_000);
    const { assigned } = victim;
    await victim.kill();
    const died = Date.now();
    const back = new Member(order('one'));
    members.push(back);
    await until(() => back.seen.length > 20 && other.seen.some(({ at }) => at > died + 1_000), 60_000);
    await pouring.stop();
    const sent = pouring.sent.map(({ value }) => String(value));
    const seen = (): Set<string> =>
      new Set(members.flatMap((member) => member.seen.map(({ value }) => value)));
    await until(() => sent.every((value) => seen().has(value)), 30_000);
    const silence = (mine: boolean): number =>
      Math.max(
        ...[0, 1, 2, 3]
          .filter((partition) => assigned.includes(partition) === mine)
          .map((partition) => longestSilence(members, partition)),
      );
    const start = back.upAt - died;
    const measured = { dead: silence(true) - start, others: silence(false) };
    process.stdout.write(
      `${driver}: silent for ${measured.dead} ms after ${start} ms of starting, the others ${measured.others} ms\n`,
    );
    expect(measured.dead).toBeLessThan(BOUNDS[driver].dead);
    expect(measured.others).toBeLessThan(BOUNDS[driver].others);
    await Promise.all([back.kill(), other.kill(), kafka.close()]);
  },
);

function longestSilence(members: readonly Member[], partition: number): number {
  const times = members
    .flatMap(({ seen }) => seen.filter((entry) => entry.partition === partition).map(({ at }) => at))
    .sort((a, b) => a - b);
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] as number)));
}

test('platformatic: a second process with the same name takes its place, and the first one ends for good', async () => {
  const { bootstrapServers } = store;
  const connect = (): Kafka => drivers.platformatic({ bootstrapServers, clientId: 'fenced' });
  const [first, second] = [connect(), connect()];
  await first.admin().ensureTopics([{ name: 'fenced', partitions: 1, replicationFactor: 1 }]);
  const crashes: Error[] = [];
  const one = new Reader(first.consumer({ instanceId: 'same', heartbeatIntervalMs: 500 }));
  one.consumer.onCrash((error) => crashes.push(error));
  await one.start('fenced', 'fenced-g');
  await until(() => one.assigned.size === 1, 20_000);
  const two = new Reader(second.consumer({ instanceId: 'same' }));
  await two.start('fenced', 'fenced-g');
  await until(() => crashes.length === 1 && two.assigned.size === 1, 20_000);
  expect(crashes[0]).toMatchObject({ code: 'invalid' });
  expect(crashes[0]?.message).toContain('FENCED_INSTANCE_ID');
  await Promise.all([first.close(), second.close()]);
});

test('members of both drivers share one group, so that a deployment can change from one to the other', async () => {
  const { bootstrapServers } = store;
  const [old, young] = driverNames.map((driver) =>
    drivers[driver]({ bootstrapServers, clientId: 'mixed' }),
  ) as [Kafka, Kafka];
  await old.admin().ensureTopics([{ name: 'mixed', partitions: PARTITIONS, replicationFactor: 1 }]);
  const readers = [new Reader(old.consumer()), new Reader(young.consumer())];
  const eachHasHalf = (): boolean => readers.every(({ assigned }) => assigned.size === PARTITIONS / 2);
  for (const reader of readers) await reader.start('mixed', 'mixed-g');
  await until(eachHasHalf, 30_000);
  const pouring = pour(old.producer(), { topic: 'mixed', partitions: PARTITIONS, gapMs: 20 });
  await until(() => readers.every(({ values }) => values.length > 20), 20_000);
  // The other way round: the one that leads the group now is new to it.
  await readers[0]?.stop();
  const late = new Reader(old.consumer());
  readers[0] = late;
  await late.start('mixed', 'mixed-g');
  await until(() => eachHasHalf() && late.values.length > 20, 30_000);
  await pouring.stop();
  await Promise.all([old.close(), young.close()]);
});
