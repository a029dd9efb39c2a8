// Nanoseconds and bytes of garbage of what runs once per message. A file here measures the source file of the same path.
//   tools/run bench/src/micro/main.ts [FILTER]       FILTER: a regular expression on the names
import { run } from 'mitata';
import { loadWindow } from './packages/runtime/load-window.ts';
import { tokenBucket } from './gateway/session/token-bucket.ts';
import { clientFrames } from './packages/protocol/client-frames.ts';
import { positions } from './packages/protocol/position.ts';
import { records } from './packages/protocol/record.ts';

for (const measure of [clientFrames, positions, records, loadWindow, tokenBucket]) measure();
const [filter] = process.argv.slice(2);
await run(filter === undefined ? {} : { filter: new RegExp(filter) });
