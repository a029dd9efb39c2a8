import { KafkaError, type InRecord, type RecordProducer } from '@chatplatform/kafka';
import { seededRandom, systemClock, type Random } from '@chatplatform/runtime';
import { createMetrics, noTracer } from '@chatplatform/telemetry';
import { roomOptions, RoomOptions } from '@chatplatform/platform';
import { namespaceOf, parsePosition } from '@chatplatform/protocol';
import { hotChannelOf, type Redis } from '@chatplatform/redis';
import * as fc from 'fast-check';
import { expected, NAMES, PARTITIONS, roomsOfPartition, World, type Publish } from '../test/world.ts';
import { chatMetrics } from './chat-metrics.ts';
import { ChatService } from './chat-service.ts';
import { RoomAppender } from './room-appender.ts';
import { RoomHeads } from './room-heads.ts';

const ROOMS = roomsOfPartition(0, 3);

/** Lets other work happen first, sometimes much of it. */
async function dawdle(random: Random): Promise<void> {
  for (let turns = Math.floor(random.next() * 4); turns > 0; turns -= 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function serviceOf(
  world: World,
  redis: Redis,
  random: Random,
  own: { producer?: RecordProducer; rooms?: readonly RoomOptions[] } = {},
): ChatService {
  const heads = new RoomHeads();
  const history = redis.history(world.epoch);
  const append = history.append.bind(history);
  /** Whether a room is hot changes from batch to batch. */
  const hot = new Set<string>();
  history.append = async (request) => {
    await dawdle(random);
    if (random.next() < 0.5) hot.add(request.room);
    else hot.delete(request.room);
    const result = await append(request);
    await dawdle(random);
    return result;
  };
  const publisher = redis.inbox.publisher({ incarnation: `w-${random.id(8)}` });
  world.onClose(() => publisher.signOff());
  return new ChatService({
    context: {
      epoch: world.epoch,
      partitions: PARTITIONS,
      optionsOf: (room) => roomOptions(own.rooms ?? [], namespaceOf(room)),
    },
    rules: [],
    heads,
    appender: new RoomAppender({
      history,
      latest: redis.latest(world.epoch),
      heads,
      clock: systemClock,
    }),
    hot: { inboxesOf: (room, routes) => (hot.has(room) ? [hotChannelOf(room)] : routes) },
    publisher,
    producer: own.producer ?? producerOf(world),
    events: { topic: NAMES.topics.events, partitions: 1 },
    deadLetters: { topic: NAMES.topics.deadLetters, partitions: 1 },
    clock: systemClock,
    metrics: chatMetrics(createMetrics({ defaults: false })),
    tracer: noTracer,
  });
}

function producerOf(world: World): RecordProducer {
  return world.kafka.client().producer();
}

/** Works through the log from `start` in batches of random size, as one worker of a partition would. */
async function walk(
  service: ChatService,
  records: readonly InRecord[],
  o: { start: number; random: Random; onDone?: (next: number) => void },
): Promise<void> {
  let at = o.start;
  while (at < records.length) {
    const batch = records.slice(at, at + 1 + Math.floor(o.random.next() * 12));
    const result = await service.apply({
      topic: NAMES.topics.messages,
      partition: 0,
      records: batch,
      floor: o.start,
      horizon: 0,
    });
    expect(result).toBe('done');
    at += batch.length;
    o.onDone?.(at);
  }
}

const sent = fc.record({
  room: fc.integer({ min: 0, max: 2 }),
  inst: fc.constantFrom('a', 'b'),
  resend: fc.integer({ min: 0, max: 9 }),
});

/** Numbers rise per sender and room; now and then the last few are sent again, as a client does that saw no ack. */
function publishesOf(plan: readonly { room: number; inst: string; resend: number }[]): Publish[] {
  const next = new Map<string, number>();
  return plan.map(({ room: at, inst, resend }) => {
    const room = ROOMS[at] as string;
    const key = `${room} ${inst}`;
    const n = (next.get(key) ?? 0) + 1;
    if (resend < 2 && n > resend + 1) return { room, inst, n: n - 1 - resend };
    next.set(key, n);
    return { room, inst, n };
  });
}

test('property: two workers on overlapping ranges of one partition, interleaved in any way, give the one sequence of every room', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sent, { minLength: 1, maxLength: 60 }),
      fc.integer(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (plan, seed, share) => {
        const random = seededRandom(seed);
        const world = await new World().open(ROOMS);
        const publishes = publishesOf(plan);
        await world.publish(...publishes);
        const records = world.kafka.records(NAMES.topics.messages).filter((record) => record.partition === 0);
        const one = serviceOf(world, world.store.open(), random);
        const two = serviceOf(world, world.store.open(), random);
        let successor: Promise<void> | undefined;
        // The second begins at a commit of the first, while the first, not knowing that it was replaced, goes on.
        const begin = (committed: number): void => {
          if (committed >= share * records.length)
            successor ??= walk(two, records, { start: committed, random });
        };
        if (share === 0) begin(0);
        await walk(one, records, { start: 0, random, onDone: begin });
        await successor;
        for (const room of ROOMS) {
          expect(await world.history(room)).toEqual(expected(publishes, room));
          expect(world.delivered(room)).toEqual(expected(publishes, room));
        }
        await world.close();
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test('property: a log applied again from any earlier point changes nothing, and tells of the newest message of each room', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 40 }), fc.integer(), async (plan, seed) => {
      const random = seededRandom(seed);
      const world = await new World().open(ROOMS);
      const publishes = publishesOf(plan);
      await world.publish(...publishes);
      const records = world.kafka.records(NAMES.topics.messages).filter((record) => record.partition === 0);
      const service = serviceOf(world, world.store.open(), random);
      await walk(service, records, { start: 0, random });
      const events = world.events().length;
      const from = Math.floor(random.next() * records.length);
      const sentBefore = world.mail.length;
      await service.apply({
        topic: NAMES.topics.messages,
        partition: 0,
        records: records.slice(from),
        floor: records.length,
        horizon: 0,
      });
      for (const room of ROOMS) expect(await world.history(room)).toEqual(expected(publishes, room));
      expect(world.events()).toHaveLength(events);
      expect(world.mail.slice(0, sentBefore).filter((item) => item.class === 'm')).toHaveLength(events);
      // Where the newest message of a room comes before the part that is applied again, nothing is told of it.
      const told = new Map(world.mail.slice(sentBefore).map(({ room, id }) => [room ?? '', id ?? '']));
      expect(world.mail).toHaveLength(sentBefore + told.size);
      for (const room of ROOMS) {
        const { head } = await world.redis.history(world.epoch).newest(room, 1);
        const reached = head !== '' && (parsePosition(head)?.offset ?? 0) >= (records[from]?.offset ?? 0);
        expect(told.get(room)).toBe(reached ? head : undefined);
      }
      await world.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('every accepted message is told of, also where the history keeps less than one batch and the batch is applied again', async () => {
  const world = await new World().open(ROOMS);
  const [room = ''] = ROOMS;
  const publishes = Array.from({ length: 40 }, (_, at) => ({ room, inst: 'a', n: at === 20 ? 5 : at + 1 }));
  await world.publish(...publishes);
  const records = world.kafka.records(NAMES.topics.messages).filter((record) => record.partition === 0);
  const producer = producerOf(world);
  let failures = 1;
  const flaky = Object.assign(Object.create(producer) as RecordProducer, {
    appendAll: (all: Parameters<RecordProducer['appendAll']>[0]) =>
      failures-- > 0 ? Promise.reject(new KafkaError('timeout', 'no answer')) : producer.appendAll(all),
  });
  const rooms = [RoomOptions.parse({ prefix: 'team', historySize: 3 })];
  const service = serviceOf(world, world.store.open(), seededRandom(1), { producer: flaky, rooms });
  const span = { topic: NAMES.topics.messages, partition: 0, records, floor: 0, horizon: 0 };
  await expect(service.apply(span)).rejects.toThrow('no answer');
  expect(await service.apply(span)).toBe('done');
  const accepted = world.events().flatMap((event) => (event.type === 'message.accepted' ? [event.cid] : []));
  expect(accepted.map((cid) => Number(cid.split('.')[1]))).toEqual(
    publishes.filter((_, at) => at !== 20).map(({ n }) => n),
  );
  await world.close();
});
