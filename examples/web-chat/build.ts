// tools/run examples/web-chat/build.ts FOLDER: the page as static files in FOLDER.
import { buildPage } from './src/build/page.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('build.ts takes the folder to fill');
await buildPage(folder);
