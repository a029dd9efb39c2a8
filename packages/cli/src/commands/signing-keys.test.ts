import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSigningKeys, signer, verifier } from '@chatplatform/kafka';
import { chatctl } from '../chatctl.ts';

const folder = mkdtempSync(join(tmpdir(), 'signing-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'keys.json');

async function run(...argv: string[]): Promise<{ code: number; out: string[]; notes: string }> {
  const out: string[] = [];
  const notes: string[] = [];
  const code = await chatctl(['signing-keys', ...argv, '--file', file], {
    env: {},
    root: '/',
    cache: folder,
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
    signal: new AbortController().signal,
  });
  return { code, out, notes: notes.join('\n') };
}

test('a key is replaced in three steps, and no step makes good records bad', async () => {
  const record = { key: 'r', value: '1', headers: {} };
  expect(await run('add', 'k1')).toMatchObject({ code: 0, out: ['k1 (active)'] });
  expect(statSync(file).mode & 0o077).toBe(0);
  const early = signer(() => readSigningKeys(file))(record);
  expect((await run('add', 'k2')).out).toEqual(['k1 (active)', 'k2']);
  expect((await run('activate', 'k2')).out).toEqual(['k1', 'k2 (active)']);
  const late = signer(() => readSigningKeys(file))(record);
  const verify = verifier(() => readSigningKeys(file));
  expect([verify(early), verify(late)]).toEqual(['good', 'good']);
  expect((await run('remove', 'k1')).out).toEqual(['k2 (active)']);
  expect([verify(early), verify(late)]).toEqual(['unknown-key', 'good']);
});

test.each([
  [['remove', 'k2'], 'is the key that signs'],
  [['activate', 'k9'], 'there is no key k9'],
  [['add', 'k2'], 'there is a key k2 already'],
  [['add', 'a.b'], 'add needs one ID'],
  [['add'], 'add needs one ID'],
  [['turn', 'k2'], 'choose one of list, add, activate, remove'],
])('%j is refused with the reason', async (argv, message) => {
  const { code, notes } = await run(...argv);
  expect(code).not.toBe(0);
  expect(notes).toContain(message);
});
