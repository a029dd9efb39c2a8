import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ARCHIVE = join(import.meta.dirname, 'archive');
const CONFIG = '{"Entrypoint":["/bin/program"],"User":"1000:1000"}';
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chatplatform-test-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function rootfs(name: string, text: string, modified: Date): Promise<string> {
  const folder = join(dir, name);
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'bin', 'program'), text);
  await chmod(join(folder, 'bin', 'program'), 0o700);
  await utimes(join(folder, 'bin', 'program'), modified, modified);
  return folder;
}

async function archive(folder: string, image: string, file: string): Promise<string> {
  const { stdout } = await run(ARCHIVE, [folder, image, join(dir, file), CONFIG]);
  return stdout.trim();
}

test('the same content gives the same bytes and tag, whenever it was written', async () => {
  const first = await archive(await rootfs('a', 'x', new Date(0)), 'localhost/x', 'a.tar');
  const second = await archive(await rootfs('b', 'x', new Date()), 'localhost/x', 'b.tar');
  expect(first).toMatch(/^localhost\/x:[0-9a-f]{12}$/);
  expect(second).toBe(first);
  expect((await readFile(join(dir, 'a.tar'))).equals(await readFile(join(dir, 'b.tar')))).toBe(true);
});

test('other content gives another tag; a given tag is kept', async () => {
  const first = await archive(await rootfs('a', 'x', new Date(0)), 'localhost/x', 'a.tar');
  const other = await archive(await rootfs('b', 'y', new Date(0)), 'localhost/x', 'b.tar');
  expect(other).not.toBe(first);
  expect(await archive(join(dir, 'a'), 'localhost/x:v1', 'c.tar')).toBe('localhost/x:v1');
});

test('the layer belongs to root and other users may run what its owner may', async () => {
  await archive(await rootfs('a', 'x', new Date()), 'localhost/x:v1', 'a.tar');
  await run('tar', ['-xf', join(dir, 'a.tar'), '-C', dir]);
  const [image] = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { Layers: [string] }[];
  const { stdout } = await run('tar', ['-tvf', join(dir, image?.Layers[0] ?? '')]);
  expect(stdout).toMatch(/^-rwxr-xr-x 0\/0 +1 1970-01-01 .* \.\/bin\/program$/m);
});

test('a wrong call says how it is called', async () => {
  await expect(run(ARCHIVE, ['only-one'])).rejects.toThrow(/takes ROOTFS NAME OUT\.tar CONFIG_JSON/);
});
