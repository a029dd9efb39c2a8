import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTwinPlatform, type TwinPlatform } from '@chatplatform/e2e';
import { jest } from '@jest/globals';
import ts from 'typescript';
import { documentedExamples, moduleOf } from './documented.ts';

/** Compiling takes seconds, and much longer on a machine that is busy; each example itself takes a moment. */
jest.setTimeout(300_000);

// Inside the package, where imports find what the package has.
const folder = join(import.meta.dirname, '..', '.tmp', 'documented');
const examples = documentedExamples();
let platform: TwinPlatform;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const example of examples) writeFileSync(join(folder, `${example.name}.ts`), moduleOf(example));
  platform = await startTwinPlatform([{ prefix: 'board', kind: 'latest' }]);
  const token = (): Promise<string> => platform.token('ann');
  Object.assign(globalThis, { url: platform.url, token, fetchToken: token });
});

afterAll(async () => {
  await platform?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('every example in the documentation of the SDK compiles', () => {
  const files = examples.map(({ name }) => join(folder, `${name}.ts`));
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.NodeNext,
    allowImportingTsExtensions: true,
    customConditions: ['@chatplatform/source'],
    types: ['node'],
    skipLibCheck: true,
  });
  const problems = files
    .flatMap((file) => [...ts.getPreEmitDiagnostics(program, program.getSourceFile(file))])
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  expect(problems).toEqual([]);
  expect(examples.length).toBeGreaterThan(20);
});

// Those for browsers run in the browser tests.
test.each(examples.filter(({ browser }) => !browser))('the example $name runs', async ({ name }) => {
  const said = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  const complained = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  await import(join(folder, `${name}.ts`));
  expect(complained.mock.calls).toEqual([]);
  said.mockRestore();
  complained.mockRestore();
});
