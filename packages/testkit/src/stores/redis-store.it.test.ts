import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type RedisStore, startRedis } from './redis-store.ts';
import { StoreError } from './store-error.ts';

const run = promisify(execFile);

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a standalone Redis', () => {
  let redis: RedisStore;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await redis.stop();
  });

  test('answers on the address it gives', async () => {
    expect(await redis.command('ping')).toBe('PONG');
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
  });

  test('has every answered write after kill -9 and restart, on the same port as another process', async () => {
    const { pid, port } = redis;
    await redis.command('set', 'k', 'kept');
    await redis.kill9();
    expect(alive(pid)).toBe(false);
    expect(() => redis.pid).toThrow(expect.objectContaining({ code: 'not-running' }));
    await redis.restart();
    expect(redis.pid).not.toBe(pid);
    expect(redis.port).toBe(port);
    expect(await redis.command('get', 'k')).toBe('kept');
  });

  test('forgets everything after flushAll', async () => {
    await redis.command('set', 'k', 'v');
    await redis.flushAll();
    expect(await redis.command('dbsize')).toBe('0');
  });

  test('answers only after resume while it is paused', async () => {
    redis.pause();
    let answered = false;
    const answer = redis.command('ping').then((text) => {
      answered = true;
      return text;
    });
    // A running Redis answers redis-cli within 10 ms; a hanging one must not have by then.
    await sleep(300);
    expect(answered).toBe(false);
    redis.resume();
    expect(await answer).toBe('PONG');
  });

  test('rejects a failed command with what Redis said', async () => {
    await expect(redis.command('incr')).rejects.toThrow(/wrong number of arguments/);
  });

  test('leaves neither process nor folder after stop', async () => {
    const { pid, dir } = redis;
    await redis.stop();
    expect(alive(pid)).toBe(false);
    expect(existsSync(dir)).toBe(false);
  });

  test('tells a taken port with the end of the log', async () => {
    const failure = startRedis({ port: redis.port });
    await expect(failure).rejects.toBeInstanceOf(StoreError);
    await expect(failure).rejects.toThrow(/Address already in use/);
  });
});

test('a given folder keeps the data for the next store', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chatplatform-test-'));
  try {
    const first = await startRedis({ dir });
    await first.command('set', 'k', 'kept');
    await first.stop();
    const second = await startRedis({ dir });
    expect(await second.command('get', 'k')).toBe('kept');
    await second.stop();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('a program that is killed leaves no store behind', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chatplatform-test-'));
  try {
    const program = `
      const { startRedis } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      const redis = await startRedis({ dir: ${JSON.stringify(dir)} });
      process.stdout.write(String(redis.pid), () => process.kill(process.pid, 'SIGKILL'));`;
    const end = await run(process.execPath, [
      '--no-warnings',
      '--input-type=module',
      '--eval',
      program,
    ]).catch((error: unknown) => error);
    expect(end).toMatchObject({ signal: 'SIGKILL', stdout: expect.stringMatching(/^\d+$/) });
    const { stdout } = end as { stdout: string };
    expect(await ended(Number(stdout))).toBe(true);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

/** The kernel's signal arrives at once, the process table forgets a little later: wait for it, at most 5 s. */
async function ended(pid: number): Promise<boolean> {
  const deadline = performance.now() + 5000;
  while (alive(pid) && performance.now() < deadline) await sleep(20);
  return !alive(pid);
}

test('a cluster of three holds all slots, and its data over kill -9 of every node', async () => {
  const redis = await startRedis({ cluster: true });
  try {
    expect(redis.endpoints).toHaveLength(3);
    expect(await redis.command('cluster', 'info')).toMatch(/cluster_state:ok[^]*cluster_slots_ok:16384/);
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
    for (const key of keys) await redis.command('-c', 'set', key, key);
    await redis.kill9();
    await redis.restart();
    for (const key of keys) expect(await redis.command('-c', 'get', key)).toBe(key);
  } finally {
    await redis.stop();
  }
}, 60_000);
