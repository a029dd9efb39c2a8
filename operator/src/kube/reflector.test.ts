import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { kubeClient } from './client.ts';
import { type Reflector, startReflector } from './reflector.ts';
import { type KubeObject, Resources } from './resource.ts';
import { plainTransport, type Transport } from './transport.ts';

let server: FakeApiServer;
let transport: Transport;
let clock: ManualClock;
let reflector: Reflector;
let changes: string[];

beforeEach(async () => {
  server = await FakeApiServer.start();
  transport = plainTransport(server.url);
  clock = new ManualClock();
  changes = [];
});
afterEach(async () => {
  await reflector.stop();
  transport.close();
  await server.stop();
});

function start(
  onChange: (object: KubeObject) => void = (object) => changes.push(object.metadata.name),
): void {
  reflector = startReflector({
    client: kubeClient(transport),
    resource: Resources.configMap,
    selection: {},
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    onChange,
  });
}

/** Lets real I/O and the manual clock move on together until `check` holds. */
async function until(check: () => boolean, stepMs = 100): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(stepMs);
  }
  throw new Error(`not in time; seen: ${server.seen.join(' ')}`);
}

const data = (name: string) => (reflector.get('ns', name)?.['data'] as { v: string } | undefined)?.v;

describe('the reflector', () => {
  test('lists in pages and follows changes', async () => {
    for (let index = 0; index < 1200; index += 1) server.put(`c${index}`, { v: '1' });
    start();
    await reflector.synced;
    expect(reflector.list()).toHaveLength(1200);
    expect(server.seen.filter((request) => request === 'list')).toHaveLength(3);
    await until(() => server.watchers === 1);
    server.put('c7', { v: '2' });
    server.remove('c8');
    await until(() => data('c7') === '2' && reflector.get('ns', 'c8') === undefined);
  });

  test.each([
    ['gone', true],
    ['gone-event', true],
    ['server-error', false],
    ['reset', false],
    ['hang-up', false],
  ] as const)('goes on after "%s" and misses nothing', async (kind, relists) => {
    server.put('a', { v: '1' });
    server.faults.push({ kind });
    start();
    await reflector.synced;
    server.put('a', { v: '2' });
    server.put('b', { v: '1' });
    await until(() => data('a') === '2' && data('b') === '1');
    expect(server.seen.filter((request) => request === 'list')).toHaveLength(relists ? 2 : 1);
  });

  test('notices silence and reconnects from where it was', async () => {
    server.put('a', { v: '1' });
    server.faults.push({ kind: 'silence' });
    start();
    await reflector.synced;
    await until(() => server.seen.some((request) => request.startsWith('watch')));
    server.put('a', { v: '2' });
    await until(() => data('a') === '2', 5000);
    expect(server.seen.filter((request) => request === 'list')).toHaveLength(1);
  });

  test('does not hammer a server that hangs up at once', async () => {
    start();
    await reflector.synced;
    for (let index = 0; index < 50; index += 1) server.faults.push({ kind: 'hang-up' });
    await until(() => server.watchers === 1 || server.seen.length > 3);
    server.cut();
    const before = server.seen.length;
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await clock.advance(100);
    }
    expect(server.seen.length - before).toBeLessThan(8);
  });

  test('keeps trying while lists fail, and tells what vanished meanwhile', async () => {
    server.put('a', { v: '1' });
    server.put('b', { v: '1' });
    start();
    await reflector.synced;
    await until(() => server.watchers === 1);
    server.faults.push({ kind: 'gone' });
    server.listFaults.push(500, 503, 429);
    server.cut();
    server.remove('b');
    changes.length = 0;
    await until(() => reflector.get('ns', 'b') === undefined, 1000);
    expect(changes).toContain('b');
  });

  test('survives a handler that throws', async () => {
    server.put('a', { v: '1' });
    start(() => {
      throw new Error('broken handler');
    });
    await reflector.synced;
    await until(() => server.watchers === 1);
    server.put('a', { v: '2' });
    await until(() => data('a') === '2');
  });

  test('learns the answer of a write, and never goes back behind it', async () => {
    server.put('a', { v: '1' });
    start();
    await reflector.synced;
    const known = reflector.get('ns', 'a');
    if (!known) throw new Error('a is listed');
    reflector.learn({
      ...known,
      metadata: { ...known.metadata, resourceVersion: '900' },
      data: { v: 'mine' },
    });
    await until(() => server.watchers === 1);
    server.put('a', { v: 'older' });
    server.put('b', { v: '1' });
    await until(() => data('b') === '1');
    expect(data('a')).toBe('mine');
  });
});
