import {
  isHotChannel,
  RedisError,
  type AppendResult,
  type Generation,
  type History,
  type Redis,
} from '@chatplatform/redis';
import type { BatchResult, ConsumeOptions, Kafka, PartitionConsumer, RecordBatch } from '@chatplatform/kafka';
import { deafTo, withConsumer, withHistory, withPublisher, withRedis } from './around.ts';
import type { PlantedFault, Stores, Victim } from './planted-fault.ts';

/** Puts `change` between a worker and its stores; gateways keep theirs. */
function inWorkers(
  change: (stores: Stores, victim: Victim) => Partial<Stores>,
): NonNullable<PlantedFault['stores']> {
  return (stores, victim) => (victim.program === 'worker' ? change(stores, victim) : {});
}

function batches(
  kafka: Kafka,
  handle: (batch: RecordBatch, next: ConsumeOptions['eachBatch']) => Promise<BatchResult>,
): Kafka {
  return withConsumer(
    kafka,
    (consumer): PartitionConsumer => ({
      onCrash: (listener) => consumer.onCrash(listener),
      lastActivity: () => consumer.lastActivity(),
      stop: () => consumer.stop(),
      run: (options) => consumer.run({ ...options, eachBatch: (batch) => handle(batch, options.eachBatch) }),
    }),
  );
}

/** A batch that hides what was committed before, and with it the need to go back after an assignment. */
function forgetful(batch: RecordBatch): RecordBatch {
  return { ...batch, committed: undefined };
}

function nextOf({ records }: RecordBatch): number {
  return (records.at(-1)?.offset ?? -1) + 1;
}

function appends(redis: Redis, change: (append: History['append']) => History['append']): Redis {
  return withHistory(redis, (history) => ({ append: change((request) => history.append(request)) }));
}

function mapVerdicts(result: AppendResult, p: (p: string, at: number) => string): AppendResult {
  if (result.behind) return result;
  return { ...result, verdicts: result.verdicts.map((verdict, at) => ({ ...verdict, p: p(verdict.p, at) })) };
}

/** Mistakes in the worker. */
export const WORKER_MISTAKES: readonly PlantedFault[] = [
  {
    name: 'commit-before-effect',
    mistake:
      'a batch is committed before its effects are complete, and nothing is read again after an assignment',
    stores: inWorkers(({ kafka }) => {
      let before: Promise<unknown> = Promise.resolve();
      return {
        kafka: batches(kafka, (batch, next) => {
          before = before.then(() => next(forgetful(batch))).catch(() => undefined);
          return Promise.resolve({ commit: nextOf(batch) });
        }),
      };
    }),
  },
  {
    name: 'commit-beyond-the-batch',
    mistake: 'the end of the log is committed instead of the end of the batch',
    stores: inWorkers(({ kafka }) => ({
      kafka: batches(kafka, async (batch, next) => {
        const result = await next(batch);
        return 'commit' in result ? { commit: result.commit + 1 } : result;
      }),
    })),
  },
  {
    name: 'no-de-duplication',
    mistake: 'every copy of a resent message counts as a new message',
    stores: inWorkers(({ redis }) => ({
      redis: appends(
        redis,
        (append) => (request) =>
          append({
            ...request,
            messages: request.messages.map((message) => ({
              ...message,
              inst: `${message.inst} ${message.offset}`,
            })),
          }),
      ),
    })),
  },
  {
    name: 'stale-previous',
    mistake: 'p is taken from a head that was read earlier',
    stores: inWorkers(({ redis }) => {
      const heads = new Map<string, string>();
      return {
        redis: appends(redis, (append) => async (request) => {
          const result = await append(request);
          if (result.behind) return result;
          const stale = heads.get(request.room);
          heads.set(request.room, result.head);
          return mapVerdicts(result, (p) =>
            stale === undefined || stale > p ? p : stale.slice(0, 9).padEnd(20, '0'),
          );
        }),
      };
    }),
  },
  {
    name: 'tail-lost-at-failover',
    mistake: 'a worker that takes a partition over does not apply the last minute again',
    stores: inWorkers(({ kafka, redis }) => ({
      kafka: batches(kafka, (batch, next) => next(forgetful(batch))),
      redis: withRedis(redis, { keyspace: blindKeyspace(redis) }),
    })),
  },
  {
    name: 'no-refill-after-failover',
    mistake: 'a worker goes on appending to a Redis that lost what it had written',
    stores: inWorkers(({ redis }) => ({
      redis: appends(
        withRedis(redis, { keyspace: blindKeyspace(redis) }),
        (append) => (request) => append({ ...request, rememberedHead: undefined }),
      ),
    })),
  },
  {
    name: 'route-pruned',
    mistake:
      'a route is removed when nobody received a batch, and a gateway that listens again does not renew it',
    stores: ({ redis }, { program }) => ({
      redis:
        program === 'gateway'
          ? deafTo(redis, ['reconnect'])
          : withPublisher(redis, (publisher) => ({
              publish: async (gateway, lines) => {
                const receivers = await publisher.publish(gateway, lines);
                const rooms = new Set(lines.map((line) => line.split(' ')[1] ?? ''));
                const prune = (room: string): Promise<void> => redis.routes.remove(room, gateway);
                if (receivers === 0) await Promise.all([...rooms].map(prune));
                return receivers;
              },
              signOff: () => publisher.signOff(),
            })),
    }),
  },
  {
    name: 'publish-failure-ignored',
    mistake: 'a batch that could not be sent to a gateway counts as sent, and its number is not used',
    stores: inWorkers(({ redis }) => ({
      redis: withPublisher(redis, (publisher) => ({
        // These are never handed over at all, so that no number is missing.
        publish: (gateway, lines) =>
          lines.length % 3 === 0 ? Promise.resolve(1) : publisher.publish(gateway, lines),
        signOff: () => publisher.signOff(),
      })),
    })),
  },
  {
    name: 'hot-batch-lost-unnoticed',
    mistake: 'a batch for a hot room that could not be sent counts as sent, and its number is not used',
    stores: inWorkers(({ redis }, { dice }) => ({
      redis: withPublisher(redis, (publisher) => ({
        publish: (inbox, lines) =>
          isHotChannel(inbox) && dice.chance(0.2) ? Promise.resolve(1) : publisher.publish(inbox, lines),
        signOff: () => publisher.signOff(),
      })),
    })),
  },
  {
    name: 'infrastructure-as-poison',
    mistake: 'an error of Redis counts as a fault of the records, which are skipped',
    stores: inWorkers(({ kafka, redis }) => ({
      redis: appends(
        withRedis(redis, {
          keyspace: {
            establish: (options) => redis.keyspace.establish(options),
            state: () => blamed(redis.keyspace.state()),
            rebuiltIn: (part) => blamed(redis.keyspace.rebuiltIn(part)),
            markRebuilt: (part, generation) => blamed(redis.keyspace.markRebuilt(part, generation)),
            horizon: (part) => blamed(redis.keyspace.horizon(part)),
            setHorizon: (part, horizon) => blamed(redis.keyspace.setHorizon(part, horizon)),
            horizonOf: (room, part) => blamed(redis.keyspace.horizonOf(room, part)),
          },
        }),
        (append) => (request) => blamed(append(request)),
      ),
      kafka: batches(kafka, async (batch, next) => {
        try {
          return await next(forgetful(batch));
        } catch {
          return { commit: nextOf(batch) };
        }
      }),
    })),
  },
  {
    name: 'last-batch-lost-with-its-worker',
    mistake:
      'the silence of a worker is no gap, and whoever takes over does not tell what the newest messages are',
    stores: ({ redis }, { program }) => ({
      redis: program === 'gateway' ? deafTo(redis, ['silent']) : silentOnWhatIsThere(redis),
    }),
  },
  {
    name: 'takeover-untold',
    mistake: 'whoever takes over does not tell what the newest messages are',
    stores: inWorkers(({ redis }) => ({ redis: silentOnWhatIsThere(redis) })),
  },
  {
    name: 'fan-out-skipped-on-retry',
    mistake:
      'what an earlier try had appended is not sent when the batch is tried again, and gaps are not looked for',
    stores: ({ redis }, { program }) => ({
      redis:
        program === 'gateway'
          ? deafTo(redis, ['silent', 'jump', 'first', 'reconnect'])
          : silentOnWhatIsThere(redis),
    }),
  },
];

/** What is in the history already is sent to nobody. */
function silentOnWhatIsThere(redis: Redis): Redis {
  return appends(redis, (append) => async (request) => {
    const result = await append(request);
    if (result.behind) return result;
    const verdicts = result.verdicts.map((verdict) =>
      verdict.verdict === 'present' ? { ...verdict, verdict: 'decided' as const } : verdict,
    );
    return { ...result, verdicts };
  });
}

/** An error of Redis, as a fault of whatever was asked. */
async function blamed<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof RedisError ? new Error('it cannot be processed') : error;
  }
}

/** One generation for all time: nothing was ever lost. */
const BLIND: Generation = { life: 'blind', name: 'blind' };

/** Never says that anything is lost. */
function blindKeyspace({ keyspace }: Redis): Redis['keyspace'] {
  return {
    establish: (options) => keyspace.establish(options),
    state: async () => {
      const { state, complete } = await keyspace.state();
      return { state: state === 'lost' ? 'intact' : state, complete, generation: BLIND };
    },
    rebuiltIn: () => Promise.resolve(BLIND),
    markRebuilt: () => Promise.resolve(),
    horizon: (part) => keyspace.horizon(part),
    setHorizon: (part, horizon) => keyspace.setHorizon(part, horizon),
    horizonOf: (room, part) => keyspace.horizonOf(room, part),
  };
}
