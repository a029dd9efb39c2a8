import { jest } from '@jest/globals';
import { KafkaError, type Kafka, type RecordProducer } from '@chatplatform/kafka';
import { encodePush, formatPosition } from '@chatplatform/protocol';
import { encodeInboxLine } from '@chatplatform/redis';
import { systemRandom } from '@chatplatform/runtime';
import { differenceFrame } from './presence/differences.ts';
import { Bench, twins } from './testing/bench.ts';

// Rows of the protocol page that no client can provoke from outside: the conformance suite refers to these tests.

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let stores: ReturnType<typeof twins>;

beforeEach(async () => {
  stores = twins();
  bench = await Bench.open(stores);
});

afterEach(() => bench.close());

const MORE_THAN_RING = 70;

test('without Redis and the log join, sync, hist, who and set are refused with 114 and a time', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  const { raw } = ann;
  // More than a gateway keeps of a room by itself.
  for (let n = 1; n <= MORE_THAN_RING; n += 1) await bench.publish(ann, 'r', n);
  await raw.when(() => raw.messages('r').length === MORE_THAN_RING);
  const before = raw.messages('r')[1]?.id;
  stores.memory.down();
  // What Redis does not have is read from the log, unless that is away too.
  stores.faults.outage = true;
  await raw.until((line) => line['degraded'] !== undefined);
  const requests: [string, object][] = [
    ['join', { room: 'other' }],
    ['sync', { room: 'r', from: '' }],
    ['hist', { room: 'r', before }],
    ['who', { room: 'r' }],
    ['set', { info: 'busy' }],
  ];
  for (const [op, body] of requests) {
    const { err } = await raw.request(op, body);
    expect({ op, err }).toMatchObject({ op, err: { code: 114, retry: true, after: expect.any(Number) } });
  }
  stores.faults.outage = false;
  stores.memory.up();
  await raw.until((line) => JSON.stringify(line['degraded']) === '{"parts":[]}');
  expect((await raw.request('set', { info: 'busy' }))['set']).toEqual({});
});

test('a connection that comes during an outage is told of it behind its hello', async () => {
  const gateway = await bench.gateway();
  const first = await bench.client(gateway, 'ann');
  stores.memory.down();
  await first.raw.until((line) => line['degraded'] !== undefined);
  const late = await bench.client(gateway, 'bob');
  const { degraded } = await late.raw.until((line) => line['degraded'] !== undefined);
  expect(degraded).toEqual({ parts: ['history', 'presence'], since: expect.any(Number) });
});

test('a gateway that stops acknowledges what is under way and closes with 3001', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  stores.faults.outage = true;
  const ack = bench.publish(ann, 'r', 1);
  await ann.raw.request('set', { info: null });
  const stopped = gateway.close();
  stores.faults.outage = false;
  await stopped;
  expect((await ack)['pub']).toMatchObject({ dup: false });
  expect(await ann.raw.closed()).toBe(3001);
  expect(ann.raw.pushes.find((line) => line['bye'] !== undefined)).toMatchObject({
    bye: { code: 3001, reconnect: true },
  });
});

test('a defect while a hello is answered closes with 3004', async () => {
  let broken = false;
  const id = (length: number): string => {
    if (broken) throw new TypeError('a defect');
    return systemRandom.id(length);
  };
  const gateway = await bench.gateway({}, { random: { next: () => systemRandom.next(), id } });
  const guest = await bench.dial(gateway);
  broken = true;
  guest.raw(JSON.stringify({ i: 1, hello: { token: await bench.token('ann'), inst: bench.inst() } }));
  expect(await guest.closed()).toBe(3004);
});

test('while the keys of the identity provider are unknown a hello is put off with 101 and 3015', async () => {
  const auth = {
    issuer: 'tests',
    audience: 'chat',
    algorithms: ['RS256'],
    // Nobody listens on the discard port.
    jwksURL: 'http://127.0.0.1:9/keys',
  };
  const gateway = await bench.gateway({ auth });
  const guest = await bench.dial(gateway);
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'one' })).toString('base64url');
  const reply = await guest.request('hello', { token: `${header}.e30.c2ln`, inst: bench.inst() });
  expect(reply.err).toMatchObject({ code: 101, retry: true });
  expect(await guest.closed()).toBe(3015);
  const { bye } = await guest.until((line) => line['bye'] !== undefined);
  expect(bye).toMatchObject({ reconnect: true, after: [expect.any(Number), expect.any(Number)] });
});

/** The twin, with a producer that refuses every record. */
function refusing(kafka: Kafka, error: KafkaError): Kafka {
  const producer = (): RecordProducer => {
    const real = kafka.producer();
    return {
      append: () => Promise.reject(error),
      appendAll: () => Promise.reject(error),
      get state() {
        return real.state;
      },
      onState: (listener) => real.onState(listener),
      flush: (ms) => real.flush(ms),
      close: () => real.close(),
    };
  };
  return {
    producer,
    consumer: () => kafka.consumer(),
    admin: () => kafka.admin(),
    logReader: () => kafka.logReader(),
    close: () => kafka.close(),
  };
}

test.each([
  ['too large for the log', 'too-large', 116, false],
  ['refused by a defect', 'invalid', 100, true],
] as const)('a record that is %s gets its error', async (_what, cause, code, retry) => {
  const kafka = refusing(stores.kafka(), new KafkaError(cause, 'refused by the test'));
  const gateway = await bench.gateway({}, { kafka });
  const ann = await bench.client(gateway, 'ann');
  expect((await bench.publish(ann, 'r', 1)).err).toMatchObject({ code, retry });
});

test('what was refused behind the log is told to its sender alone', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(gateway, 'bob', { rooms: { r: {} } });
  const id = formatPosition('abcdef', 0, 7);
  const rj = { r: 'r', id, cid: `${ann.inst}.1`, code: 103, msg: 'refused by a rule' };
  const redis = stores.redis();
  const publisher = redis.inbox.publisher({ incarnation: 'worker-2' });
  const sid = String(ann.hello['sid']);
  await publisher.publish(gateway.incarnation, [
    encodeInboxLine({ class: 'rj', room: 'r', id, p: '', sid, frame: encodePush({ rj }) }),
  ]);
  expect(await ann.raw.until((line) => line['rj'] !== undefined)).toEqual({ rj });
  await bob.raw.request('who', { room: 'r' });
  expect(bob.raw.pushes.filter((line) => line['rj'] !== undefined)).toEqual([]);
  await redis.close();
});

test('above 200 users in a room presence names nobody', () => {
  const users = new Map([['ann', true]]);
  expect(differenceFrame('r', { users, occ: 200 })).toBe('{"pr":{"r":"r","join":["ann"],"occ":200}}');
  expect(differenceFrame('r', { users, occ: 201 })).toBe('{"pr":{"r":"r","occ":201}}');
});
