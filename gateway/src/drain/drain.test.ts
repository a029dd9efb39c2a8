import { jest } from '@jest/globals';
import { ADMIN_TOKEN, Bench, twins } from '../testing/bench.ts';
import type { RunningGateway } from '../running-gateway.ts';
import type { DrainStatus } from './drain.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let stores: ReturnType<typeof twins>;

beforeEach(async () => {
  stores = twins();
  bench = await Bench.open(stores);
});

afterEach(() => bench.close());

async function admin(
  gateway: RunningGateway,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: DrainStatus }> {
  const response = await fetch(`${gateway.adminUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as DrainStatus };
}

test('moves clients that open the new socket first without anybody seeing a leave, and loses nothing', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(one, 'ann', { caps: ['mbb'], rooms: { r: {} } });
  const bob = await bench.client(two, 'bob', { rooms: { r: {} } });
  const drained = one.drain('SIGTERM');
  const { drain } = (await ann.raw.until((line) => line['drain'] !== undefined)) as {
    drain: { resume: string };
  };
  const before = await bench.publish(ann, 'r', 1);
  const pos = (before['pub'] as { id: string }).id;
  const moved = await bench.client(two, 'ann', {
    caps: ['mbb'],
    inst: ann.inst,
    resume: drain.resume,
    rooms: { r: { pos } },
  });
  expect(moved.hello).toMatchObject({ sid: ann.hello['sid'], resumed: true });
  expect(await ann.raw.closed()).toBe(3514);
  await drained;
  await bench.publish(moved, 'r', 2);
  await bob.raw.when(() => bob.raw.messages('r').length === 2);
  expect(bob.raw.messages('r').map((m) => m.d)).toEqual([1, 2]);
  expect(bob.raw.pushes.filter((line) => (line['pr'] as { leave?: string[] } | undefined)?.leave)).toEqual(
    [],
  );
});

test('tells others to reconnect and closes them in their slot, acks first', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  stores.faults.outage = true;
  const ack = bench.publish(ann, 'r', 1);
  // Answered behind the publish: the gateway has it.
  await ann.raw.request('who', { room: 'r' });
  const drained = gateway.drain('SIGTERM');
  await ann.raw.until((line) => line['drain'] !== undefined);
  stores.faults.outage = false;
  await drained;
  expect((await ack)['pub']).toBeDefined();
  expect(await ann.raw.closed()).toBe(3002);
  const { bye } = (await ann.raw.until((line) => line['bye'] !== undefined)) as { bye: object };
  expect(bye).toMatchObject({ code: 3002, reconnect: true, after: [0, 15_000] });
});

test('refuses new sockets with 503 and Retry-After while it drains', async () => {
  const gateway = await bench.gateway();
  await gateway.drain('SIGTERM');
  const upgrade = await fetch(gateway.url.replace('ws:', 'http:'), {
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  }).catch(() => undefined);
  const raw = bench.dial(gateway);
  await expect(raw).rejects.toThrow('503');
  expect(upgrade === undefined || upgrade.status === 503 || upgrade.status === 404).toBe(true);
});

test('stays ready for the operator, is unready for everybody else, and can be called off', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { caps: ['mbb'] });
  const begun = await admin(gateway, 'POST', '/drain', { reason: 'operator' });
  expect(begun).toMatchObject({ status: 202, body: { reason: 'operator', initial: 1, remaining: 1 } });
  expect((await admin(gateway, 'GET', '/readyz')).status).toBe(200);
  await ann.raw.until((line) => line['drain'] !== undefined);
  expect((await admin(gateway, 'DELETE', '/drain')).body.state).toBe('serving');
  expect(await bench.client(gateway, 'bob')).toBeDefined();
  await admin(gateway, 'POST', '/drain', { reason: 'preStop' });
  expect((await admin(gateway, 'GET', '/readyz')).status).toBe(503);
});

test('keeps the pace of the budget', async () => {
  const gateway = await bench.gateway();
  for (let n = 0; n < 6; n += 1) await bench.client(gateway, `user${n}`);
  await admin(gateway, 'POST', '/drain', { reason: 'operator', budget: 2 });
  const begin = Date.now();
  await bench.clients.at(-1)?.closed();
  // Two at once, then two per second.
  expect(Date.now() - begin).toBeGreaterThan(1500);
  expect((await admin(gateway, 'GET', '/drain')).body).toMatchObject({ initial: 6, forced: 0 });
});

test('closes at the deadline who did not move', async () => {
  const gateway = await bench.gateway({ drain: { startDelaySeconds: 0, timeoutSeconds: 1 } });
  const ann = await bench.client(gateway, 'ann', { caps: ['mbb'] });
  await gateway.drain('SIGTERM');
  expect(await ann.raw.closed()).toBe(3002);
  expect((await admin(gateway, 'GET', '/drain')).body).toMatchObject({
    state: 'drained',
    initial: 1,
    moved: 0,
    forced: 1,
  });
  expect((await admin(gateway, 'DELETE', '/drain')).status).toBe(409);
});

test('at the deadline acknowledgements under way come before the goodbye', async () => {
  const gateway = await bench.gateway({ drain: { startDelaySeconds: 0, timeoutSeconds: 1 } });
  const ann = await bench.client(gateway, 'ann', { caps: ['mbb'], rooms: { r: {} } });
  stores.faults.outage = true;
  const underway = bench.publish(ann, 'r', 1);
  await ann.raw.request('who', { room: 'r' });
  const drained = gateway.drain('SIGTERM');
  for (let state = ''; state !== 'closing'; ) state = (await admin(gateway, 'GET', '/drain')).body.state;
  expect(ann.raw.closeCode).toBeUndefined();
  stores.faults.outage = false;
  expect((await underway)['pub']).toBeDefined();
  expect(await ann.raw.closed()).toBe(3002);
  await drained;
});
