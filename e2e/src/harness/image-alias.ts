import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from './run.ts';

const execute = promisify(execFile);

interface ManifestEntry {
  RepoTags: string[];
}

/**
 * Puts the chat image into the cluster once more under another tag: to the operator a new image, to the test the
 * same code. @returns the reference to write into the resource
 */
export async function loadImageAlias(instance: string, tag: string): Promise<string> {
  const line = await run('tools/images/build', '--list', 'chat');
  const archive = line.split(' ')[2];
  if (archive === undefined) throw new Error(`tools/images/build printed "${line}", not NAME IMAGE FILE`);
  const reference = `localhost/chatplatform/chat:${tag}`;
  const folder = await mkdtemp(join(tmpdir(), 'chatplatform-alias-'));
  try {
    await execute('tar', ['-xf', archive, '-C', folder]);
    const manifest = join(folder, 'manifest.json');
    const [entry] = JSON.parse(await readFile(manifest, 'utf8')) as ManifestEntry[];
    await writeFile(manifest, JSON.stringify([{ ...entry, RepoTags: [reference] }]));
    // Older readers take the tags from this file; the manifest is enough for containerd.
    await rm(join(folder, 'repositories'), { force: true });
    const alias = join(folder, '..', `${tag}-${process.pid}.tar`);
    // Named one by one: a reader of archives looks for `manifest.json`, not for `./manifest.json`.
    await execute('tar', ['-cf', alias, '-C', folder, ...(await readdir(folder))]);
    await run('tools/cluster/load-image', '--instance', instance, alias);
    await rm(alias);
    return reference;
  } finally {
    await rm(folder, { recursive: true });
  }
}
