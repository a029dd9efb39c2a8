import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { liveFile, ManualClock } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'live-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what a file holds is told at the first look, a change once, a broken one keeps the last good value, and stop ends the looking', async () => {
  const path = join(folder, 'live.yaml');
  const clock = new ManualClock();
  const seen: unknown[] = [];
  const broken: unknown[] = [];
  writeFileSync(path, 'level: info');
  const live = liveFile(
    path,
    z.object({ level: z.enum(['info', 'debug']) }),
    (value) => seen.push(value.level),
    {
      clock,
      onInvalid: (error) => broken.push(error),
    },
  );
  await live.check();
  writeFileSync(path, 'level: debug');
  await live.check();
  await live.check();
  writeFileSync(path, 'level: loud');
  await live.check();
  await live.check();
  expect(seen).toEqual(['info', 'debug']);
  expect(broken).toHaveLength(1);
  writeFileSync(path, '# same meaning\nlevel: info');
  await live.check();
  expect(seen).toEqual(['info', 'debug', 'info']);
  live.stop();
  await clock.advance(5000);
  expect(clock.pendingTimers).toBe(0);
});
