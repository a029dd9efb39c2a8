import type { LanePorts } from '@chatplatform/gateway';
import { KafkaError } from '@chatplatform/kafka';
import { valuesOf, type HistoryPage, type Keyspace, type Redis } from '@chatplatform/redis';
import { parseCid } from '@chatplatform/protocol';
import { asIfSentOnce, deafTo, withAppend, withHistory, withLog, withRedis } from './around.ts';
import type { PlantedFault, Stores, Victim } from './planted-fault.ts';

/** Puts `change` between a gateway and its stores; workers keep theirs. */
function inGateways(
  change: (stores: Stores, victim: Victim) => Partial<Stores>,
): NonNullable<PlantedFault['stores']> {
  return (stores, victim) => (victim.program === 'gateway' ? change(stores, victim) : {});
}

/** Longest time by which a mistake delays what should have come first, ms. */
const LATE_MS = 400;

/** A failed publish that the log turns out to have opens its lane for any later one, whatever was refused in between. */
function openedByTheFailedOne(ports: LanePorts): LanePorts {
  let failed: number | undefined;
  return {
    ...ports,
    lookUp: async (item) => {
      const isOfPredecessor = parseCid(item.body.cid)?.n !== item.n;
      if (failed !== undefined && !isOfPredecessor && item.n <= failed) failed = undefined;
      if (failed === undefined || !isOfPredecessor) return ports.lookUp(item);
      const known = await ports.lookUp({ ...item, n: failed });
      if (known?.ok === true) failed = undefined;
      return known;
    },
    append: async (item) => {
      const outcome = await ports.append(item);
      if (!outcome.ok && outcome.err.retry) failed = Math.min(failed ?? item.n, item.n);
      return outcome;
    },
  };
}

/** `redis` that says of the parts `isWhole` tells that it has them from the beginning. */
function withHorizons(redis: Redis, isWhole: (part: string) => boolean): Redis {
  const { keyspace } = redis;
  return withRedis(redis, {
    keyspace: Object.assign(Object.create(keyspace) as Keyspace, {
      horizonOf: (room: string, part: string) =>
        isWhole(part) ? Promise.resolve(0) : keyspace.horizonOf(room, part),
    }),
  });
}

function isOfValues(part: string): boolean {
  return part === valuesOf(part.slice(0, -valuesOf('').length));
}

/** Mistakes in the gateway. */
export const GATEWAY_MISTAKES: readonly PlantedFault[] = [
  {
    name: 'vacant-room-taken-as-new',
    mistake: 'a room of which Redis knows no message never had one, whatever Redis lost',
    stores: inGateways(({ redis }) => ({
      redis: withHorizons(redis, (part) => !isOfValues(part)),
    })),
  },
  {
    name: 'values-not-awaited',
    mistake: 'what Redis has of a latest-value room is all there is, whatever Redis lost',
    stores: inGateways(({ redis }) => ({ redis: withHorizons(redis, isOfValues) })),
  },
  {
    name: 'ack-before-kafka',
    mistake: 'a publish is acknowledged before the log has it',
    stores: inGateways(({ kafka }, { process }) => ({
      kafka: withAppend(kafka, (append) => (record) => {
        append(record).catch(() => undefined);
        return Promise.resolve({
          partition: record.partition,
          offset: 0,
          timestamp: process.clock.now(),
          certain: false,
        });
      }),
    })),
  },
  {
    name: 'ack-of-the-next-record',
    mistake: 'the offset in the acknowledgement is one too high',
    stores: inGateways(({ kafka }) => ({
      kafka: withAppend(kafka, (append) => async (record) => {
        const appended = await append(record);
        return { ...appended, offset: appended.offset + 1 };
      }),
    })),
  },
  {
    name: 'id-of-the-second-copy',
    mistake: 'after a lost answer the copy that was written again is acknowledged by its own id',
    stores: inGateways(({ kafka }) => ({
      kafka: withAppend(kafka, (append) => async (record) => ({ ...(await append(record)), certain: true })),
    })),
  },
  {
    name: 'appends-out-of-order',
    mistake: 'publishes of one sender reach the log in any order',
    stores: inGateways(({ kafka }, { process, dice }) => ({
      kafka: withAppend(kafka, (append) => async (record) => {
        await process.clock.sleep(dice.between(0, LATE_MS));
        return append(record);
      }),
    })),
  },
  {
    name: 'later-publish-let-through',
    mistake: 'when a publish fails for good, those behind it are written all the same',
    stores: inGateways(({ kafka }, { process }) => ({
      kafka: withAppend(kafka, (append) => {
        // Taken back behind a failure: tried again by itself, until it is written.
        const insist: typeof append = async (record) => {
          try {
            return await append(record);
          } catch {
            await process.clock.sleep(LATE_MS);
            return insist(record);
          }
        };
        return (record) =>
          append(record).catch((error: unknown) => {
            if (error instanceof KafkaError && error.code === 'behind-failure') return insist(record);
            throw error;
          });
      }),
    })),
  },
  {
    name: 'lane-opened-by-the-failed-one',
    mistake:
      'when the log has what failed, any later publish passes, although one in between was refused meanwhile',
    lane: openedByTheFailedOne,
  },
  {
    name: 'route-after-history',
    mistake: 'a join reads the history before its route is written',
    stores: inGateways(({ redis }, { process, dice }) => ({
      redis: withRedis(redis, {
        routes: {
          add: (rooms, incarnation) => {
            const write = (): void => void redis.routes.add(rooms, incarnation).catch(() => undefined);
            process.later(dice.between(0, LATE_MS), write);
            return Promise.resolve();
          },
          remove: (room, incarnation) => redis.routes.remove(room, incarnation),
          missing: (rooms, incarnation) => redis.routes.missing(rooms, incarnation),
          of: (room) => redis.routes.of(room),
        },
      }),
    })),
  },
  {
    name: 'routes-not-asserted-again',
    mistake: 'a route that was written once is never written again',
    stores: inGateways(({ redis }) => {
      const written = new Set<string>();
      return {
        redis: withRedis(redis, {
          routes: {
            add: async (rooms, incarnation) => {
              const fresh = [rooms].flat().filter((room) => !written.has(room));
              if (fresh.length > 0) await redis.routes.add(fresh, incarnation);
              for (const room of fresh) written.add(room);
            },
            remove: async (room, incarnation) => {
              await redis.routes.remove(room, incarnation);
              written.delete(room);
            },
            missing: () => Promise.resolve([]),
            of: (room) => redis.routes.of(room),
          },
        }),
      };
    }),
  },
  {
    name: 'numbering-ignored',
    mistake: 'holes in the numbers of an inbox are no gap',
    stores: inGateways(({ redis }) => ({ redis: deafTo(redis, ['jump', 'first']) })),
  },
  {
    name: 'reconnect-ignored',
    mistake: 'a gateway that listens again after a break does not look for what it missed',
    stores: inGateways(({ redis }) => ({
      redis: withRedis(deafTo(redis, ['reconnect', 'jump', 'first', 'silent']), {
        onState: () => () => undefined,
      }),
    })),
  },
  {
    name: 'history-from-a-replica',
    mistake: 'history is read where writes arrive late',
    stores: inGateways(({ redis }, { dice }) => ({
      redis: withHistory(redis, (history) => {
        const late = (page: HistoryPage): HistoryPage => {
          if (page.entries.length === 0 || !dice.chance(0.5)) return page;
          const entries = page.entries.slice(0, -1);
          const head = page.entries.at(-1)?.p ?? page.head;
          return { ...page, entries, head: head === '?' ? '' : head };
        };
        return {
          after: async (room, from, max) => late(await history.after(room, from, max)),
          newest: async (room, max) => late(await history.newest(room, max)),
        };
      }),
    })),
  },
  {
    name: 'page-cut',
    mistake: 'a page of history ends early and says that it is complete',
    stores: inGateways(({ redis }) => ({
      redis: withHistory(redis, (history) => ({
        after: async (room, from, max) => {
          const page = await history.after(room, from, max);
          return { ...page, entries: page.entries.slice(0, 3), more: false };
        },
      })),
    })),
  },
  {
    name: 'refill-with-a-hole',
    mistake: 'what is read from the log for a returning client lacks a message',
    stores: inGateways(({ kafka }) => ({
      kafka: withLog(kafka, (records) => records.filter((_, at) => at !== records.length - 2)),
    })),
  },
  {
    name: 'refill-with-copies',
    mistake: 'messages that are in the log twice count twice when they are read from it',
    stores: inGateways(({ kafka }) => ({ kafka: withLog(kafka, asIfSentOnce) })),
  },
  {
    name: 'resend-taken-for-known',
    mistake: 'a resend is answered as a duplicate without looking whether the log has it',
    stores: inGateways(({ redis }) => ({
      redis: withHistory(redis, (history) => ({
        lastOf: async (room, sender) => {
          const last = await history.lastOf(room, sender);
          return last && { ...last, n: last.n + 1 };
        },
      })),
    })),
  },
];
