import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { readDeclarations, type Exported } from './declarations.ts';

const folder = join(import.meta.dirname, '..');
const root = join(folder, '..', '..');
/** Two years of evergreen browsers, and Node 22. */
export const TARGET = ['chrome115', 'firefox115', 'safari16.4', 'node22'];

/**
 * Makes the folder that is published: one ES module and one declaration file that need no other package, so that an
 * application gets neither the schemas of the protocol nor their library.
 *
 * @param target - emptied first
 */
export async function buildPackage(target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await build({
    entryPoints: [join(folder, 'src', 'index.ts')],
    outfile: join(target, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: TARGET,
    conditions: ['@chatplatform/source'],
    charset: 'utf8',
    logLevel: 'warning',
  });
  await writeFile(join(target, 'index.d.ts'), declarationFile());
  await writeFile(join(target, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`);
  await cp(join(folder, 'README.md'), join(target, 'README.md'));
  await cp(join(root, 'LICENSE'), join(target, 'LICENSE'));
}

function declarationFile(): string {
  const { exported } = readDeclarations();
  const statements = exported.map((each) => exportOf(each)).join('\n\n');
  return `${statements}\n\nexport {};\n`;
}

/** A comment stays in front of its statement; the keywords go between the two. */
function exportOf({ name, documented, isType, typeOnly }: Exported): string {
  const end = documented.startsWith('/**') ? documented.indexOf('*/') + 3 : 0;
  const comment = documented.slice(0, end);
  const statement = documented.slice(end);
  if (isType) return `${comment}export ${statement}`;
  if (!typeOnly) return `${comment}export declare ${statement}`;
  return `${comment}declare ${statement}\nexport type { ${name} };`;
}

async function manifest(): Promise<object> {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Record<string, string>;
  return {
    name,
    version,
    description: 'Real-time messages that are not lost: the SDK of ChatPlatform for browsers and Node',
    license,
    type: 'module',
    sideEffects: false,
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    files: ['index.js', 'index.d.ts'],
    engines: { node: '>=22' },
  };
}
