import { connect, type ChatClient } from '@chatplatform/client';
import { startTwinPlatform, type TwinPlatform } from '@chatplatform/e2e';
import { jest } from '@jest/globals';
import { announceAll, type OrderEvent } from './backend-publish.ts';
import { SharedText } from './collaborative-editing.ts';
import { Device, type DeviceState } from './iot-device.ts';
import { openBoard, renderBoard } from './live-dashboard.ts';

/** A whole platform in this process, on a machine that may be busy. */
jest.setTimeout(60_000);

let platform: TwinPlatform;
const clients: ChatClient[] = [];

beforeAll(async () => {
  platform = await startTwinPlatform([{ prefix: 'board', kind: 'latest' }]);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

afterAll(() => platform?.close());

function enter(user: string): ChatClient {
  const client = connect({ url: platform.url, token: () => platform.token(user) });
  clients.push(client);
  return client;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition())
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
}

test('a backend announces orders: everybody who watches one sees its events in order, the customer hears of all', async () => {
  const bob = enter('bob');
  const [order, inbox] = [bob.join('order:7'), bob.join('@bob')];
  const seen: unknown[] = [];
  const heard: unknown[] = [];
  order.on('message', ({ data }) => seen.push(data));
  inbox.on('message', ({ data }) => heard.push(data));
  await Promise.all([order.ready, inbox.ready]);
  async function* events(): AsyncGenerator<OrderEvent> {
    for (const status of ['paid', 'packed', 'shipped']) yield { order: '7', customer: 'bob', status };
  }
  expect(await announceAll(enter('backend'), events())).toBe(3);
  await until(() => seen.length === 3 && heard.length === 3);
  expect(seen).toEqual([{ status: 'paid' }, { status: 'packed' }, { status: 'shipped' }]);
  expect(heard).toEqual(['paid', 'packed', 'shipped'].map((status) => ({ order: '7', status })));
});

test('people who edit one text at the same time end with the same text, and so does who comes later', async () => {
  const [ann, bob] = [new SharedText(enter('ann'), 'notes'), new SharedText(enter('bob'), 'notes')];
  await ann.edit(0, 0, 'Hello world');
  await until(() => bob.text === 'Hello world');
  await Promise.all([
    ann.edit(5, 6, ' everybody'),
    bob.edit(0, 5, 'Good morning'),
    ann.edit(0, 0, '> '),
    bob.edit(11, 0, '!'),
  ]);
  await until(() => ann.text === bob.text && ann.text.includes('!') && ann.text.includes('>'));
  expect(ann.text).toContain('Good morning');
  expect(ann.text).toContain(' everybody');
  const late = new SharedText(enter('cid'), 'notes');
  await until(() => late.text === ann.text);
});

test('a dashboard is told what each host reports', async () => {
  const host = openBoard(enter('host'), 'cpu');
  await host.set('host-1', { load: 0.2, at: 1 });
  await host.set('host-1', { load: 0.9, at: 2 });
  await host.set('host-2', { load: 0.5, at: 2 });
  const board = openBoard(enter('viewer'), 'cpu');
  await until(() => board.get('host-1')?.data?.load === 0.9 && board.get('host-2') !== undefined);
  expect(renderBoard(board).map((line) => line.split(/ +/).slice(0, 2))).toEqual([
    ['host-1', '0.90'],
    ['host-2', '0.50'],
  ]);
  await host.delete('host-1');
  await until(() => board.get('host-1') === undefined);
});

test('a device carries out every command once, also those that came while it was off', async () => {
  let saved: DeviceState = { position: undefined, intervalMs: 60_000 };
  const carriedOut: number[] = [];
  const parts = {
    measure: () => 20.5,
    save: (state: DeviceState) => {
      if (state.intervalMs !== saved.intervalMs) carriedOut.push(state.intervalMs);
      saved = { ...state };
    },
  };
  const owner = enter('owner');
  const readings: unknown[] = [];
  const telemetry = owner.join('telemetry:t1');
  telemetry.on('message', ({ data }) => readings.push(data));
  await telemetry.ready;

  const first = enter('t1');
  const device = new Device(first, 't1', { ...saved }, parts);
  await until(() => saved.position !== undefined);
  device.start();
  await owner.publish('device:t1', { setIntervalMs: 50_000 });
  await until(() => saved.intervalMs === 50_000 && readings.length === 1);
  device.stop();
  first.close();
  await owner.publish('device:t1', { setIntervalMs: 40_000 });
  await owner.publish('device:t1', { setIntervalMs: 30_000 });

  const again = new Device(enter('t1'), 't1', { ...saved }, parts);
  await until(() => again.state.intervalMs === 30_000);
  expect(carriedOut).toEqual([50_000, 40_000, 30_000]);
  expect(readings).toEqual([{ at: expect.any(Number), celsius: 20.5 }]);
});
