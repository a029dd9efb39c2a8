import { jest } from '@jest/globals';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import { driverNames, drivers } from './drivers.ts';
import { Member } from './member.ts';
import type { MemberOrder } from './member-process.ts';
import { pour } from './pour.ts';
import { until } from './reader.ts';

jest.setTimeout(120_000);

const PARTITIONS = 4;
/** Longest silence of a partition whose member died and came back at once, ms. */
const PATIENCE_MS = {
  // The dead member is waited for until its session ends (10 s), and the others wait with it.
  kafkajs: { dead: 25_000, others: 25_000 },
  // Start of a process and one join on a busy machine; below the session timeout, which would mean waiting for it.
  platformatic: { dead: 9_000, others: 5_000 },
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
    });
    const members = [new Member(order('one')), new Member(order('two'))];
    const [victim, other] = members as [Member, Member];
    await until(() => victim.assigned.length === 2 && other.assigned.length === 2, 60_000);
    const pouring = pour(kafka.producer(), { topic, partitions: PARTITIONS, gapMs: 50 });
    await until(() => victim.seen.length > 20 && other.seen.length > 20, 30_000);
    const { assigned } = victim;
    await victim.kill();
    const back = new Member(order('one'));
    members.push(back);
    const died = Date.now();
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
    const measured = { dead: silence(true), others: silence(false) };
    process.stdout.write(`${driver}: silent for ${measured.dead} ms, the others ${measured.others} ms\n`);
    expect(measured.dead).toBeLessThan(PATIENCE_MS[driver].dead);
    expect(measured.others).toBeLessThan(PATIENCE_MS[driver].others);
    await Promise.all([back.kill(), other.kill(), kafka.close()]);
  },
);

function longestSilence(members: readonly Member[], partition: number): number {
  const times = members
    .flatMap(({ seen }) => seen.filter((entry) => entry.partition === partition).map(({ at }) => at))
    .sort((a, b) => a - b);
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] as number)));
}
