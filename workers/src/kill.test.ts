import type { Kafka, MemoryConsumer, RecordProducer } from '@chatplatform/kafka';
import { RedisError, type Redis } from '@chatplatform/redis';
import { Deferred } from '@chatplatform/runtime';
import { expected, roomsOfPartition, World, type Publish } from './test/world.ts';

const ROOMS = [...roomsOfPartition(0, 2), ...roomsOfPartition(1, 1)];

/** Ends a worker at its n-th effect: what it awaits never comes, and the group takes its partitions away. */
class Reaper {
  readonly died = new Deferred();
  consumer: (() => MemoryConsumer) | undefined;
  #left: number;
  readonly #moment: 'before' | 'after';
  readonly #release = new Deferred<never>();

  constructor(effect: number, moment: 'before' | 'after') {
    this.#left = effect;
    this.#moment = moment;
    this.#release.promise.catch(() => undefined);
  }

  async pass<T>(effect: () => Promise<T>): Promise<T> {
    if (this.died.settled) return this.#release.promise;
    this.#left -= 1;
    if (this.#left !== 0) return effect();
    if (this.#moment === 'after') await effect();
    this.died.resolve();
    void this.consumer?.().kill();
    return this.#release.promise;
  }

  /** Lets the dead worker's calls end, so that the test can clean up. */
  release(): void {
    this.#release.reject(new RedisError('unavailable', 'the process is gone'));
  }
}

function doomedRedis(redis: Redis, reaper: Reaper): Redis {
  const wrapped = Object.create(redis) as Redis;
  return Object.assign(wrapped, {
    history: (epoch: string) => {
      const history = redis.history(epoch);
      const append = history.append.bind(history);
      history.append = (request) => reaper.pass(() => append(request));
      return history;
    },
    inbox: {
      publisher: (options: { incarnation: string }) => {
        const publisher = redis.inbox.publisher(options);
        const publish = publisher.publish.bind(publisher);
        publisher.publish = (gateway, lines) => reaper.pass(() => publish(gateway, lines));
        return publisher;
      },
    },
  });
}

function doomedKafka(world: World, reaper: Reaper): Kafka {
  const client = world.kafka.client();
  const consumer = client.consumer();
  reaper.consumer = () => consumer;
  return {
    consumer: () => consumer,
    admin: () => client.admin(),
    logReader: () => client.logReader(),
    close: () => client.close(),
    producer: () => {
      const producer: RecordProducer = client.producer();
      const appendAll = producer.appendAll.bind(producer);
      producer.appendAll = (records) => reaper.pass(() => appendAll(records));
      return producer;
    },
  };
}

const traffic: Publish[] = Array.from({ length: 90 }, (_, at) => ({
  room: ROOMS[at % ROOMS.length] as string,
  inst: `i${at % 2}`,
  // Every tenth is a resend of an earlier one of the same sender.
  n: at % 10 === 9 ? at - 5 : at + 1,
}));

/** Effects of the doomed worker: 3 rooms, 2 partitions, several batches. */
const EFFECTS = Array.from({ length: 16 }, (_, at) => at + 1);
const MOMENTS = ['before', 'after'] as const;

test.each(EFFECTS.flatMap((effect) => MOMENTS.map((moment) => ({ effect, moment }))))(
  'killed $moment effect $effect: the successor leaves nothing lost, doubled or out of order',
  async ({ effect, moment }) => {
    const world = await new World().open(ROOMS);
    const reaper = new Reaper(effect, moment);
    const doomed = await world.worker({
      kafka: doomedKafka(world, reaper),
      redis: doomedRedis(world.store.open(), reaper),
    });
    for (let at = 0; at < traffic.length; at += 15) {
      await world.publish(...traffic.slice(at, at + 15));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await reaper.died.promise;
    const successor = await world.worker();
    await world.drained();
    for (const room of ROOMS) {
      expect(await world.history(room)).toEqual(expected(traffic, room));
      expect(world.delivered(room)).toEqual(expected(traffic, room));
    }
    const accepted = world.events().flatMap((event) => (event.type === 'message.accepted' ? [event.id] : []));
    expect(new Set(accepted).size).toBe(ROOMS.flatMap((room) => expected(traffic, room)).length);
    expect(world.deadLetters()).toEqual([]);
    reaper.release();
    await Promise.all([successor.close(), doomed.close()]);
    await world.close();
  },
);
