import { SESSION_TIMEOUT_MS } from '../platform.ts';
import { endWorker } from './endings.ts';
import type { Trouble } from './trouble.ts';

/** Longest outage of a store, ms: longer than the producer's deadline, so that publishes fail for good. */
const OUTAGE_MS = 14_000;

/** What happens to Kafka and Redis. */
export const STORE_TROUBLES: readonly Trouble[] = [
  {
    name: 'kafka-outage',
    weight: 2,
    make: ({ kafka, dice, time }) => {
      const lastsMs = dice.between(200, OUTAGE_MS);
      const { faults } = kafka.cluster;
      if (faults.outage) return undefined;
      faults.outage = true;
      time.after(lastsMs, () => {
        faults.outage = false;
      });
      return { what: 'no broker answers', lastsMs };
    },
  },
  {
    name: 'kafka-unreliable',
    weight: 4,
    make: ({ kafka, dice, time }) => {
      const lastsMs = dice.between(200, 6_000);
      const { faults } = kafka;
      Object.assign(faults, {
        answerLost: dice.between(0, 0.5),
        requestLost: dice.between(0, 0.3),
        late: dice.between(0, 0.3),
      });
      time.after(lastsMs, () => {
        Object.assign(faults, { answerLost: 0, requestLost: 0, late: 0 });
      });
      return { what: 'requests and answers vanish or come late', lastsMs };
    },
  },
  {
    name: 'slow-stores',
    weight: 2,
    make: ({ kafka, redis, dice, time }) => {
      const lastsMs = dice.between(200, 5_000);
      const store = dice.chance(0.5) ? redis : kafka;
      store.slow(dice.between(5, 100));
      time.after(lastsMs, () => store.slow(1));
      return { what: store === redis ? 'redis' : 'kafka', lastsMs };
    },
  },
  {
    name: 'redis-outage',
    weight: 2,
    make: ({ redis, dice, time }) => {
      if (!redis.up) return undefined;
      const lastsMs = dice.between(50, OUTAGE_MS);
      redis.goAway();
      time.after(lastsMs, () => redis.comeBack());
      return { what: 'connections broken', lastsMs };
    },
  },
  {
    name: 'redis-failover',
    weight: 3,
    forgets: true,
    make: ({ redis, dice, time }) => {
      if (!redis.up) return undefined;
      // What is written from now on the replica does not have yet.
      const snapshot = redis.snapshot();
      const lagMs = dice.between(10, 4_000);
      const awayMs = dice.between(50, 4_000);
      time.after(lagMs, () => {
        if (!redis.up) return;
        redis.goAway();
        redis.store.restore(snapshot);
        time.after(awayMs, () => redis.comeBack());
      });
      return { what: `the writes of ${Math.round(lagMs)} ms are lost`, lastsMs: lagMs + awayMs };
    },
  },
  {
    name: 'redis-failover-with-worker',
    weight: 2,
    forgets: true,
    make: (parts) => {
      const { redis, dice, time, crowd, network } = parts;
      if (!redis.up) return undefined;
      const snapshot = redis.snapshot();
      const lagMs = dice.between(10, 3_000);
      const awayMs = dice.between(50, 2_000);
      // Somebody misses what is about to be lost.
      const absent = dice.pick(crowd.processes);
      if (absent !== undefined) network.cut(absent);
      time.after(lagMs, () => {
        if (!redis.up) return;
        endWorker(parts, (program) => parts.platform.killWorker(program), 0);
        redis.goAway();
        redis.store.restore(snapshot);
        time.after(awayMs, () => redis.comeBack());
      });
      return { what: `the writes of ${Math.round(lagMs)} ms are lost`, lastsMs: lagMs + SESSION_TIMEOUT_MS };
    },
  },
  {
    name: 'redis-flushall',
    weight: 2,
    forgets: true,
    make: ({ redis }) => {
      redis.store.wipe();
      return { what: 'every key is gone', lastsMs: 0 };
    },
  },
];
