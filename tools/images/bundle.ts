// tools/run tools/images/bundle.ts FOLDER: the programs as plain JavaScript in FOLDER, ready to run with `node main.js`.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');
const require = createRequire(join(root, 'gateway', 'package.json'));
const kafkaRequire = createRequire(join(root, 'packages', 'kafka', 'package.json'));
/** The WebSocket server is a native addon, chosen for Node 22 (ABI 127) when the packages were installed. */
const ADDON = 'uWebSockets.js';
const ADDON_FILES = ['package.json', 'LICENSE', 'uws.js', 'ESM_wrapper.mjs', 'uws_linux_x64_127.node.js'];
const ADDON_BINARY = '@uwsjs/linux-x64-22';

async function bundlePrograms(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'tools/images/main.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@chatplatform/source', 'node', 'import'],
    mainFields: ['module', 'main'],
    // In place of the same code as a file that is looked for beside the module it came from.
    alias: { '@platformatic/wasm-utils': kafkaRequire.resolve('@platformatic/wasm-utils/bundled') },
    external: [ADDON],
    // Source maps keep stack traces readable; the sources themselves stay out of the image.
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // CommonJS packages inside an ES module bundle ask for these.
    banner: {
      js: [
        "import { createRequire as cpRequire } from 'node:module';",
        "import { dirname as cpDirname } from 'node:path';",
        "import { fileURLToPath as cpFile } from 'node:url';",
        'const require = cpRequire(import.meta.url);',
        'const __filename = cpFile(import.meta.url);',
        'const __dirname = cpDirname(__filename);',
      ].join(' '),
    },
  });
}

async function copyAddon(folder: string): Promise<void> {
  const from = dirname(require.resolve(ADDON));
  const to = join(folder, 'node_modules', ADDON);
  await mkdir(to, { recursive: true });
  for (const file of ADDON_FILES) await cp(join(from, file), join(to, file));
  const binary = dirname(createRequire(join(from, 'package.json')).resolve(ADDON_BINARY));
  await cp(binary, join(folder, 'node_modules', ADDON_BINARY), { recursive: true });
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('bundle.ts takes the folder to fill');
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await Promise.all([bundlePrograms(folder), copyAddon(folder)]);
await writeFile(join(folder, 'package.json'), '{"name":"chatplatform","private":true,"type":"module"}\n');
