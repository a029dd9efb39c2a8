import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { cacheFolder, Instance } from '../index.ts';
import { identify, isAlive, type ProcessIdentity } from '../instance/process-identity.ts';

jest.setTimeout(5 * 60_000);

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '../../../..');
const name = `it-${process.pid}`;
const instance = new Instance(cacheFolder(process.env), name);

async function chatctl(...args: string[]): Promise<string> {
  const { stdout } = await execute('tools/chatctl', [...args, '--instance', name], { cwd: root });
  return stdout;
}

function running(): ProcessIdentity[] {
  const state = instance.readProcesses();
  if (state === undefined) return [];
  return [
    state.supervisor,
    ...state.programs.flatMap(({ pid }) => (pid === undefined ? [] : [identify(pid)])),
  ];
}

afterAll(() => chatctl('down', '--purge'));

test('up runs a platform that outlives the killing of its supervisor, and down leaves nothing', async () => {
  await chatctl('up', '--detach', '--port', '0');
  const first = running();
  expect(first).toHaveLength(8);
  expect(first.every(isAlive)).toBe(true);
  const ack = JSON.parse(await chatctl('publish', 'lobby', 'before the kill')) as {
    id: string;
    dup: boolean;
  };
  expect(ack).toMatchObject({ dup: false });

  // The kernel ends the programs with their supervisor, so nothing of the old run meets the new one.
  process.kill((first[0] as ProcessIdentity).pid, 'SIGKILL');
  await chatctl('up', '--detach', '--port', '0');
  expect(first.some(isAlive)).toBe(false);
  const second = running();
  expect(second.every(isAlive)).toBe(true);
  const again = JSON.parse(await chatctl('publish', 'lobby', 'after the kill')) as { id: string };
  expect(again.id > ack.id).toBe(true);

  expect(await chatctl('up', '--detach')).toContain(`${name}: ready`);
  await chatctl('down', '--purge');
  expect(second.some(isAlive)).toBe(false);
  expect(existsSync(instance.folder)).toBe(false);
});
