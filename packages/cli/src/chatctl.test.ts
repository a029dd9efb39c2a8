import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, jwtVerify } from 'jose';
import { chatctl, Instance, readKey, type CommandContext } from './index.ts';
import { commands } from './commands/index.ts';

const cache = mkdtempSync(join(tmpdir(), 'chatctl-'));
afterAll(() => rmSync(cache, { recursive: true }));

async function run(...argv: string[]) {
  const out: string[] = [];
  const notes: string[] = [];
  const context: CommandContext = {
    env: {},
    root: '/',
    cache,
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
    signal: new AbortController().signal,
  };
  const code = await chatctl(argv, context);
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

test('the index names every command, and every command explains itself', async () => {
  const index = await run('--help');
  expect(index.code).toBe(0);
  for (const { name, summary } of commands) {
    expect(index.out).toContain(`${name.padEnd(12)} ${summary}`);
    const help = await run(name, '--help');
    expect(help.code).toBe(0);
    expect(help.out).toContain(`usage: chatctl ${name}`);
  }
});

test('a wrong call exits 2 and says what to do', async () => {
  expect(await run()).toMatchObject({ code: 2 });
  const unknown = await run('dance');
  expect(unknown).toMatchObject({ code: 2 });
  expect(unknown.notes).toContain('choose one of up, down, status');
  const option = await run('tail', 'room', '--histroy', '3');
  expect(option).toMatchObject({ code: 2 });
  expect(option.notes).toContain("'--histroy'");
  expect(option.notes).toContain('see: chatctl tail --help');
  const missing = await run('publish', 'room');
  expect(missing.notes).toContain('publish takes ROOM DATA as arguments, not "room"');
  const number = await run('verify', '--seed', 'x', '--url', 'ws://a', '--token', 't');
  expect(number.notes).toContain('--seed is "x"');
});

test('without a platform commands say how to get one', async () => {
  for (const argv of [['status'], ['token', '--user', 'ann'], ['publish', 'room', 'text']]) {
    const { code, notes } = await run(...argv);
    expect(code).toBe(1);
    expect(notes).toMatch(
      /no platform was brought up on this machine\n {2}what to do: bring one up with `make up`/,
    );
  }
});

describe('with a platform', () => {
  const keyFile = join(cache, 'key');
  beforeAll(() => {
    writeFileSync(keyFile, 'a-development-key-of-32-characters\n');
    const instance = new Instance(cache, 'one');
    instance.create();
    instance.writeEndpoint({
      url: 'ws://127.0.0.1:1/ws',
      page: 'http://127.0.0.1:2',
      issuer: 'i',
      audience: 'a',
      keyFile,
    });
  });

  test('a token is signed with its key, for the user, with the rights asked for', async () => {
    const { out } = await run('token', '--user', 'ann', '--caps', '{"team:*":["join"]}', '--ttl', '60');
    const { payload } = await jwtVerify(out, await readKey(keyFile), { issuer: 'i', audience: 'a' });
    expect(payload).toMatchObject({ sub: 'ann', caps: { 'team:*': ['join'] } });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    const plain = decodeJwt((await run('token', '--user', 'bob')).out);
    expect(plain['caps']).toHaveProperty(['**']);
  });

  test('rights that are no rights are refused with an example', async () => {
    expect((await run('token', '--user', 'ann', '--caps', '{oops')).notes).toContain('--caps is not JSON');
    expect((await run('token', '--user', 'ann', '--caps', '{"a":"join"}')).notes).toContain(
      'must map room patterns',
    );
  });

  test('status tells its addresses', async () => {
    expect((await run('status', '--instance', 'one')).out).toContain('http://127.0.0.1:2');
  });

  test('another address needs a token or a key', async () => {
    const { notes } = await run('tail', 'room', '--url', 'wss://chat.example.com');
    expect(notes).toContain('give --token, or --key-file with --issuer and --audience');
  });
});
