import type { Redis } from '../redis.ts';

/**
 * One Redis of two: what only workers do goes through `worker`, the rest through `gateway`. So a suite that uses
 * every noun uses each under the rights of the program whose it is.
 */
export function asPrograms(gateway: Redis, worker: Redis): Redis {
  return override(gateway, {
    ready: async (timeoutMs) => {
      await Promise.all([gateway.ready(timeoutMs), worker.ready(timeoutMs)]);
    },
    history: (epoch) => {
      const written = worker.history(epoch);
      return override(gateway.history(epoch), { append: (request) => written.append(request) });
    },
    latest: (epoch) => {
      const written = worker.latest(epoch);
      return override(gateway.latest(epoch), {
        append: (request) => written.append(request),
        restore: (request) => written.restore(request),
      });
    },
    keyspace: override(worker.keyspace, {
      horizonOf: (room, part) => gateway.keyspace.horizonOf(room, part),
    }),
    locks: worker.locks,
    deliveries: worker.deliveries,
    inbox: override(gateway.inbox, { publisher: (options) => worker.inbox.publisher(options) }),
    close: async () => {
      await Promise.all([gateway.close(), worker.close()]);
    },
  });
}

/** The object with some members replaced; everything else is done by the object itself. */
function override<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
