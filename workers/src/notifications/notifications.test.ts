import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partitionOf } from '@chatplatform/protocol';
import { NAMES, roomsOfPartition, World } from '../test/world.ts';
import type { RunningWorker } from '../worker.ts';
import { signatureOf } from './webhook.ts';

const [ROOM = ''] = roomsOfPartition(0, 1);
const folder = mkdtempSync(join(tmpdir(), 'webhooks-'));
const secretFile = join(folder, 'secret');
writeFileSync(secretFile, 'the secret of the tests\n');

interface Call {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An endpoint that answers as it is told and remembers what it was asked. */
class Receiver {
  readonly calls: Call[] = [];
  /** Status of the next calls; 204 when it is empty. `0` never answers. */
  readonly answers: number[] = [];
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      this.calls.push({ headers: request.headers, body });
      const status = this.answers.shift() ?? 204;
      if (status > 0) response.writeHead(status, { connection: 'close' }).end();
    });
  });

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get bodies(): Record<string, unknown>[] {
    return this.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }
}

let world: World;
let push: Receiver;
let mail: Receiver;
const running: RunningWorker[] = [];

beforeEach(async () => {
  [world, push, mail] = await Promise.all([
    new World().open([ROOM, '@bob']),
    new Receiver().open(),
    new Receiver().open(),
  ]);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.close()));
  await Promise.all([world.close(), push.close(), mail.close()]);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(): Promise<RunningWorker> {
  const webhook = (name: string, url: string) => ({ name, url, secretFile, timeoutSeconds: 1 });
  const webhooks = [webhook('push', push.url), webhook('mail', mail.url)];
  const worker = await world.worker({}, { notifications: { webhooks } });
  running.push(worker);
  return worker;
}

/** Until both webhooks have looked at every event. */
async function told(patienceMs = 20_000): Promise<void> {
  const end = Date.now() + patienceMs;
  await world.drained();
  for (;;) {
    const lags = await Promise.all(
      ['push', 'mail'].map((name) =>
        world.kafka.admin().groupLag(`${NAMES.groups.notifications}.${name}`, NAMES.topics.events),
      ),
    );
    if (lags.flat().every(({ lag }) => lag === 0)) return;
    if (Date.now() > end) throw new Error(`not told after ${patienceMs} ms: ${JSON.stringify(lags)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('who is named or addressed and not connected is told of, signed and once', async () => {
  await start();
  await world.redis.gateways.lease('gw-1', { state: 'serving', address: 'a', connections: 1 });
  await world.redis.sessions.create('s1', { user: 'cid', incarnation: 'gw-1' });
  await world.publish(
    { room: ROOM, inst: 'ann', n: 1, data: 'nobody is named' },
    { room: ROOM, inst: 'ann', n: 2, data: 'named', notify: ['bob', 'cid', 'ann'] },
    { room: ROOM, inst: 'ann', n: 3, data: 'here', notify: ['cid'] },
  );
  await world.publish({ room: '@bob', inst: 'ann', n: 1, data: 'addressed' });
  await told();
  expect(push.bodies).toHaveLength(2);
  expect(push.bodies).toContainEqual(
    expect.objectContaining({
      type: 'message.missed',
      room: ROOM,
      from: 'ann',
      users: ['bob'],
      data: 'named',
    }),
  );
  expect(push.bodies).toContainEqual(expect.objectContaining({ room: '@bob', users: ['bob'] }));
  const [{ headers, body } = { headers: {}, body: '' }] = push.calls;
  const timestamp = String(headers['chatplatform-timestamp']);
  expect(headers['chatplatform-signature']).toBe(
    `v1=${signatureOf('the secret of the tests', timestamp, body)}`,
  );
  expect(headers['chatplatform-id']).toBe((JSON.parse(body) as { id: string }).id);
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  expect(mail.bodies).toHaveLength(2);
});

test('an endpoint that fails for a moment is asked again; one that fails holds up nobody else', async () => {
  push.answers.push(503, 500);
  await start();
  await world.publish({ room: '@bob', inst: 'ann', n: 1 }, { room: '@bob', inst: 'ann', n: 2 });
  await mailCalls(2);
  expect(push.calls.length).toBeLessThan(4);
  await told();
  expect(
    push.bodies
      .slice(2)
      .map(({ data }) => data)
      .sort(),
  ).toEqual([1, 2]);
  expect(world.deadLetters()).toEqual([]);
}, 30_000);

test('what an endpoint refuses goes to the dead letters at once, and comes again when it is replayed', async () => {
  push.answers.push(400);
  await start();
  await world.publish({ room: '@bob', inst: 'ann', n: 1, data: 'hi' });
  await told();
  const [letter] = world.deadLetters();
  expect(letter).toMatchObject({
    key: '@bob',
    headers: { 'dl-cause': 'webhook:push', 'dl-attempts': '1', 'dl-message': 'the endpoint answered 400' },
  });
  expect(letter?.headers).toMatchObject({ 'dl-topic': NAMES.topics.events });
  await world.append({
    topic: NAMES.topics.events,
    partition: partitionOf('@bob', 1),
    key: '@bob',
    value: letter?.value ?? null,
    headers: { origin: '0-0' },
  });
  await told();
  expect(push.bodies.map(({ data }) => data)).toEqual(['hi', 'hi']);
  expect(mail.bodies).toHaveLength(1);
});

test('a secret that is not there keeps the worker from starting', async () => {
  const webhooks = [{ name: 'push', url: push.url, secretFile: join(folder, 'none'), timeoutSeconds: 1 }];
  await expect(world.worker({}, { notifications: { webhooks } })).rejects.toThrow(
    'the secret of webhook push in',
  );
});

/** Until the mail endpoint was called so often. */
async function mailCalls(count: number): Promise<void> {
  const end = Date.now() + 10_000;
  while (mail.calls.length < count) {
    if (Date.now() > end) throw new Error(`${mail.calls.length} calls instead of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
