import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const source = join(import.meta.dirname, '..', 'page');

/** Makes the page: one script, one style sheet, the document and its icon, all in `folder`. */
export async function buildPage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: { app: join(source, 'main.ts'), style: join(source, 'style.css') },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    // Two years of evergreen browsers.
    target: ['chrome115', 'firefox115', 'safari16.4'],
    conditions: ['@chatplatform/source'],
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg']) await cp(join(source, file), join(folder, file));
}
