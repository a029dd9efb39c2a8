import { draw, holds, sleep, type Fault } from '../fault.ts';

const AWAY_MS = 30_000;
/** Three primaries with a replica each. */
const PRIMARIES = 3;
const CLUSTER = { cluster: true, replicas: 1 };

/** The nodes agree on a death after 2 s of silence; a replica is elected within another. On a busy machine, more. */
const FAILOVER_MS = 20_000;

/** Kafka and Redis that die, lose everything, or are away. */
export const STORE_FAULTS: readonly Fault[] = [
  {
    name: 'redis-failover',
    title: 'Redis: a primary of a cluster is killed, its replica takes over',
    platform: { redis: CLUSTER },
    happen: async ({ platform: { redis }, random, say }) => {
      const victim = draw(random, await redis.primaries());
      await victim.process.kill9();
      const began = performance.now();
      await holds(
        async () => (await redis.primaries()).length === PRIMARIES,
        FAILOVER_MS,
        () => `the primary on port ${victim.port} was not replaced`,
      );
      say(`a primary was replaced after ${((performance.now() - began) / 1000).toFixed(1)} s`);
      // The platform serves without it for a while.
      await sleep(2000 * random.next());
      await redis.revive();
    },
  },
  {
    name: 'redis-flushall',
    title: 'Redis: FLUSHALL',
    happen: async ({ platform: { redis } }) => {
      await redis.flushAll();
    },
  },
  {
    name: 'redis-away',
    title: 'Redis: stopped for 30 s',
    happen: async ({ platform: { redis } }) => {
      await redis.halt();
      await sleep(AWAY_MS);
      await redis.revive();
    },
  },
  {
    name: 'kafka-kill',
    title: 'Kafka: the broker is killed and started again',
    happen: async ({ platform: { kafka } }) => {
      await kafka.kill9();
      await kafka.restart();
    },
  },
  {
    name: 'kafka-away',
    title: 'Kafka: stopped for 30 s',
    happen: async ({ platform: { kafka } }) => {
      await kafka.halt();
      await sleep(AWAY_MS);
      await kafka.restart();
    },
  },
  {
    name: 'kafka-leader-move',
    title: 'Kafka: partitions move to other leaders and back (3 brokers, one of them stopped and started)',
    platform: { brokers: 3 },
    happen: async ({ platform: { kafka }, random }) => {
      const { process } = draw(random, kafka.brokers);
      await process.stop();
      await sleep(3000);
      await process.start();
      // A follower that has not caught up yet would make the next stop an outage.
      await sleep(5000);
    },
  },
];
