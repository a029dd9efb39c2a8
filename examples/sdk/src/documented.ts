import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An example in the documentation of the SDK. */
export interface Documented {
  /** File and number, such as `room-3`. */
  readonly name: string;
  readonly code: string;
  /** Needs what only browsers have. */
  readonly browser: boolean;
}

const source = join(import.meta.dirname, '..', '..', '..', 'packages', 'client', 'src');
const BLOCK = /^ *\* ```ts(?<browser> browser)?\n(?<code>[\s\S]*?)\n *\* ```$/gm;

/** Every example of the SDK: the ts blocks in the comments of its source. */
export function documentedExamples(): Documented[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  return files.toSorted().flatMap((file) => examplesOf(file, readFileSync(join(source, file), 'utf8')));
}

function examplesOf(file: string, text: string): Documented[] {
  const name = file.replaceAll('/', '-').replace(/\.ts$/, '');
  return [...text.matchAll(BLOCK)].map(({ groups = {} }, at) => ({
    name: `${name}-${at + 1}`,
    code: (groups['code'] ?? '').replaceAll(/^ *\* ?/gm, ''),
    browser: groups['browser'] !== undefined,
  }));
}

/** The example as a module that can be compiled and run: it gets `url`, `token`, and a client where it makes none. */
export function moduleOf({ code }: Documented): string {
  const imports = code.split('\n').filter((line) => line.startsWith('import '));
  const body = code.split('\n').filter((line) => !line.startsWith('import '));
  const client = /^const client = /m.test(code) ? '' : 'const client = connectHere({ url, token });\n';
  const given = `import { connect as connectHere } from '@chatplatform/client';
declare global {
  var url: string;
  var token: () => Promise<string>;
  var fetchToken: () => Promise<string>;
}
`;
  const close = /\bclient\b/.test(code) ? 'client.close();\n' : '';
  return `${imports.join('\n')}\n${given}${client}${body.join('\n').replaceAll("'wss://chat.example.com'", 'url')}\n${close}export {};\n`;
}
