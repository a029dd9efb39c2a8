import { draw, sleep, type Fault } from '../fault.ts';

const AWAY_MS = 30_000;
/** Three primaries with a replica each. */
const CLUSTER = { cluster: true, replicas: 1 };

/** Kafka and Redis that die, lose everything, or are away. */
export const STORE_FAULTS: readonly Fault[] = [
  {
    name: 'redis-failover',
    title: 'Redis: a primary of a cluster is killed, its replica takes over',
    platform: { redis: CLUSTER },
    seconds: 40,
    happen: async ({ platform: { redis }, random, say }) => {
      const victim = draw(random, await redis.primaries());
      await victim.process.kill9();
      await sleep(10_000);
      const primaries = await redis.primaries();
      if (primaries.length !== 3) throw new Error(`${primaries.length} primaries after the failover, not 3`);
      say(`the primary on port ${victim.port} was replaced`);
      await redis.revive();
    },
  },
  {
    name: 'redis-flushall',
    title: 'Redis: FLUSHALL',
    seconds: 30,
    happen: async ({ platform: { redis } }) => {
      await redis.flushAll();
    },
  },
  {
    name: 'redis-away',
    title: 'Redis: stopped for 30 s',
    seconds: 60,
    happen: async ({ platform: { redis } }) => {
      await redis.halt();
      await sleep(AWAY_MS);
      await redis.revive();
    },
  },
  {
    name: 'kafka-kill',
    title: 'Kafka: the broker is killed and started again',
    seconds: 45,
    happen: async ({ platform: { kafka } }) => {
      await kafka.kill9();
      await kafka.restart();
    },
  },
  {
    name: 'kafka-away',
    title: 'Kafka: stopped for 30 s',
    seconds: 75,
    happen: async ({ platform: { kafka } }) => {
      await kafka.halt();
      await sleep(AWAY_MS);
      await kafka.restart();
    },
  },
  {
    name: 'kafka-leader-move',
    title: 'Kafka: partitions move to other leaders (3 brokers, each stopped and started)',
    platform: { brokers: 3 },
    seconds: 90,
    happen: async ({ platform: { kafka } }) => {
      for (const { process } of kafka.brokers) {
        await process.stop();
        await sleep(3000);
        await process.start();
        // A follower that has not caught up yet would make the next stop an outage.
        await sleep(5000);
      }
    },
  },
];
