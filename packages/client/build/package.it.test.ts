import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { jest } from '@jest/globals';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { buildPackage, TARGET } from './package.ts';

/** Compiles the declarations twice, packs, bundles: 15 s, and ten times that on a machine that is busy otherwise. */
jest.setTimeout(600_000);

/** Bytes, minified and compressed, of what a page loads that uses `connect`. */
const CORE_BYTES = 15_360;

const run = promisify(execFile);
let home: string;
let folder: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'client-package-'));
  folder = join(home, 'node_modules', '@chatplatform', 'client');
  await buildPackage(folder);
});

afterAll(() => rm(home, { recursive: true, force: true }));

/** A bundle of a page that imports this from the package. */
async function bundle(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: home },
    bundle: true,
    minify: true,
    format: 'esm',
    target: TARGET,
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

test('what is published has only what an application needs', async () => {
  expect((await readdir(folder)).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'index.d.ts',
    'index.js',
    'package.json',
  ]);
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('private');
  // The version that gateways log.
  expect(await readFile(join(folder, 'index.js'), 'utf8')).toContain(`chatplatform-js/${manifest.version}`);
});

test('publint finds nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: folder, level: 'suggestion', strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test('its types are right for ES modules and bundlers', async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', home], {
    cwd: folder,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const analysis = await checkPackage(createPackageFromTarballData(await readFile(join(home, filename))));
  if (analysis.types === false) throw new Error('the package has no types');
  // CommonJS has `require` of ES modules since Node 22; only resolvers older than that cannot.
  const wanted = analysis.problems.filter(
    (problem) =>
      !(
        'resolutionKind' in problem &&
        (problem.resolutionKind === 'node10' || problem.resolutionKind === 'node16-cjs')
      ),
  );
  expect(wanted).toEqual([]);
});

test('the declarations stand alone: no other package, no DOM needed', async () => {
  await writeFile(
    join(home, 'use.mts'),
    `import { connect, ClientError, watchPresence, type ChatClient, type Room } from '@chatplatform/client';
    const client: ChatClient = connect({ url: 'ws://here', token: 'token' });
    const room: Room<{ text: string }> = client.join('lobby');
    export const people = watchPresence(room).people;
    export const isFull = (error: unknown): boolean => error instanceof ClientError && error.code === 'outbox-full';
    `,
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2023.d.ts'],
    types: [],
  };
  const problems = ts.getPreEmitDiagnostics(ts.createProgram([join(home, 'use.mts')], options));
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([]);
});

test('a page that uses connect loads at most 15 KB, and no storage it does not use', async () => {
  const core = await bundle(`import { connect } from '@chatplatform/client'; globalThis.connect = connect;`);
  const all = await bundle(`import * as sdk from '@chatplatform/client'; globalThis.sdk = sdk;`);
  const sizes = { core: gzipSync(core).length, all: gzipSync(all).length };
  process.stderr.write(`SDK, minified and gzipped: connect ${sizes.core} B, everything ${sizes.all} B\n`);
  expect(sizes.core).toBeLessThanOrEqual(CORE_BYTES);
  expect(all).toContain('indexedDB');
  expect(core).not.toMatch(/indexedDB|navigator/);
  expect(await bundle(`import '@chatplatform/client';`)).toBe('');
});

test('Node loads it', async () => {
  await writeFile(
    join(home, 'use.mjs'),
    `import * as sdk from '@chatplatform/client';
    const client = sdk.connect({ url: 'ws://127.0.0.1:9', token: 'token' });
    client.close();
    console.log(client.state, Object.keys(sdk).join(' '));`,
  );
  const { stdout } = await run(process.execPath, [join(home, 'use.mjs')]);
  expect(stdout.trim()).toBe(
    'closed ClientError browserWakes connect discardIndexedDbOutbox openIndexedDbOutbox watchPresence',
  );
});
