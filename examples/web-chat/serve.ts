// tools/run examples/web-chat/serve.ts [--port N …]: builds the page and serves it, for development.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPage } from './src/build/page.ts';
import { main } from './src/server/main.ts';

const folder = await mkdtemp(join(tmpdir(), 'web-chat-'));
try {
  await buildPage(folder);
  // The server keeps the files in memory, so the folder can go at once.
  await main(['--page', folder, ...process.argv.slice(2)]);
} finally {
  await rm(folder, { recursive: true, force: true });
}
