import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { connect, type ChatClient } from '@chatplatform/client';
import { until } from '@chatplatform/runtime';
import { cacheFolder, findTarget, Instance } from '../index.ts';

// The two services of examples/interop, written in Go from docs/protocol/records.md, beside a real platform.

jest.setTimeout(10 * 60_000);

const root = resolve(import.meta.dirname, '../../../..');
const instance = `interop-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'interop-'));
const COUNT = 500;
const running: ChildProcess[] = [];
let client: ChatClient | undefined;

function run(program: string, args: string[], input = ''): Promise<string> {
  return new Promise((settle, reject) => {
    const child = execFile(program, args, { cwd: root }, (error, out, err) =>
      error === null ? settle(out) : reject(new Error(`${program} failed: ${err}`, { cause: error })),
    );
    child.stdin?.end(input);
  });
}

function chatctl(...args: string[]): Promise<string> {
  return run('tools/chatctl', [...args, '--instance', instance]);
}

/** What `chatctl up` wrote for a worker: where Kafka listens and what the platform is called. */
function place(): { kafka: string; prefix: string } {
  const file = new Instance(cacheFolder(process.env), instance).path('config', 'worker-1.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as {
    platform: { namespace: string; name: string };
    kafka: { bootstrapServers: string[] };
  };
  const { namespace, name } = config.platform;
  return { kafka: config.kafka.bootstrapServers.join(','), prefix: `${namespace}.${name}` };
}

beforeAll(async () => {
  await run('examples/interop/build', [folder]);
  await chatctl('up', '--detach', '--port', '0', '--file', 'packages/cli/src/conformance/platform.yaml');
});

afterAll(async () => {
  client?.close();
  for (const child of running) child.kill('SIGTERM');
  await chatctl('down', '--purge');
  rmSync(folder, { recursive: true });
});

test('what a Go producer writes reaches members once and in order, and a Go consumer reads what became of it', async () => {
  const { kafka, prefix } = place();
  const target = findTarget({ instance }, { cache: cacheFolder(process.env) });
  client = connect({ url: target.url, token: () => target.token('ann') });
  const room = client.join('team:go', { limit: 0 });
  const received: unknown[] = [];
  const senders = new Set<string>();
  room.on('message', (message) => {
    received.push((message.data as { text: string }).text);
    senders.add(message.user);
  });
  await until(() => client?.state === 'connected');

  const consumer = spawn(join(folder, 'consumer'), ['-brokers', kafka, '-prefix', prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(consumer);
  let printed = '';
  consumer.stdout.on('data', (data: Buffer) => {
    printed += data.toString();
  });

  const texts = Array.from({ length: COUNT }, (_, at) => `line ${at + 1}`);
  const input = `${texts.join('\n')}\n`;
  const args = ['-brokers', kafka, '-prefix', prefix, '-room', 'team:go', '-inst', 'instance-of-the-test'];
  expect(await run(join(folder, 'producer'), args, input)).toContain(`published ${COUNT}`);
  // As after a crash: everything once more, and three lines that are new.
  const more = ['new 1', 'new 2', 'new 3'];
  await run(join(folder, 'producer'), [...args, '-again', '30s'], `${input}${more.join('\n')}\n`);

  const wanted = [...texts, ...more];
  await until(() => received.length >= wanted.length);
  // The platform itself says something in another room when it starts.
  const events = (): string[] => printed.split('\n').filter((line) => line.startsWith('team:go '));
  await until(() => events().length >= wanted.length);
  expect(received).toEqual(wanted);
  expect([...senders]).toEqual(['billing']);
  const accepted = events().map((line) => JSON.parse(line.slice(line.indexOf('{'))) as { text: string });
  expect(accepted.map(({ text }) => text)).toEqual(wanted);
  expect(events()[0]).toMatch(/^team:go [0-9a-z]{20} billing /);
});
