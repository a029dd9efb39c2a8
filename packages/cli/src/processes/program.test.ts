import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, systemClock } from '@chatplatform/runtime';
import { Program } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'program-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that says when it started and serves its health on a port it is given. */
function newProgram(script: string, notes: string[] = []) {
  const changes: { wake?: () => void } = {};
  const program = new Program(
    {
      name: 'small',
      role: 'worker',
      command: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env['PATH'] },
      cwd: folder,
      logFile: join(folder, 'small.log'),
      admin: 'http://127.0.0.1:1',
      readyPath: '/readyz',
      sources: [],
    },
    {
      clock: systemClock,
      random: seededRandom(1),
      onChange: () => changes.wake?.(),
      note: (line) => void notes.push(line),
    },
  );
  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await new Promise<void>((resolve) => (changes.wake = resolve));
  };
  return { program, until };
}

test('a crashed program is started again, and a stopped one is not', async () => {
  const notes: string[] = [];
  const { program, until } = newProgram('setInterval(() => {}, 1000)', notes);
  program.start();
  await until(() => program.state.pid !== undefined);
  const first = program.state.pid as number;
  process.kill(first, 'SIGKILL');
  await until(() => program.state.pid !== undefined && program.state.pid !== first);
  expect(program.state.restarts).toBe(1);
  expect(notes[0]).toMatch(/small ended \(SIGKILL\); again in \d+ ms; its log: .*small\.log/);
  await program.stop(5000);
  expect(program.state.pid).toBeUndefined();
  expect(program.state.restarts).toBe(1);
});

test('a program that ignores SIGTERM is killed after its grace', async () => {
  const { program, until } = newProgram(
    `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`,
  );
  program.start();
  await until(() => program.state.pid !== undefined);
  while (!readFileSync(join(folder, 'small.log'), 'utf8').includes('up')) await systemClock.sleep(10);
  const began = systemClock.monotonic();
  await program.stop(200);
  expect(systemClock.monotonic() - began).toBeGreaterThan(150);
  expect(program.state.pid).toBeUndefined();
});

test('a reload gives it a new process at once', async () => {
  const { program, until } = newProgram('setInterval(() => {}, 1000)');
  program.start();
  await until(() => program.state.pid !== undefined);
  const first = program.state.pid;
  await program.reload(5000);
  await until(() => program.state.pid !== undefined);
  expect(program.state.pid).not.toBe(first);
  expect(program.state.restarts).toBe(0);
  expect(await program.isReady()).toBe(false);
  await program.stop(5000);
});
