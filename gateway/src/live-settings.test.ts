import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@chatplatform/runtime';
import { GatewayLive } from '@chatplatform/platform';
import { silentLogger } from '@chatplatform/telemetry';
import { LiveSettings } from './live-settings.ts';
import { Bench } from './testing/bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'live-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(limits: object): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify({ limits }));
  return path;
}

test('a gateway has the limits of its live file from its first client on', async () => {
  const bench = await Bench.open();
  const gateway = await bench.gateway({ liveFile: fileWith({ maxRoomsPerConnection: 1 }) });
  const { raw, hello } = await bench.client(gateway, 'ann');
  expect(hello['limits']).toMatchObject({ rooms: 1 });
  await raw.request('join', { room: 'a' });
  expect(await raw.request('join', { room: 'b' })).toMatchObject({ err: { code: 106 } });
  await bench.close();
});

test('the size of frames stays what sockets were opened with, and that is what clients are told', async () => {
  const live = new LiveSettings(GatewayLive.parse({}), silentLogger);
  const path = fileWith({ maxFrameBytes: 4096, maxRoomsPerConnection: 2 });
  const clock = new ManualClock();
  await live.watch(path, clock);
  expect(live.frameBytes).toBe(4096);
  live.apply(GatewayLive.parse({ limits: { maxFrameBytes: 8192, maxRoomsPerConnection: 3 } }));
  expect(live.published).toMatchObject({ frameBytes: 4096, rooms: 3 });
  live.stop();
});
