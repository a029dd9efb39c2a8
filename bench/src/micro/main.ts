// Nanoseconds and bytes of garbage of what runs once per message. A file here measures the source file of the same path.
//   tools/run bench/src/micro/main.ts [FILTER]       FILTER: a regular expression on the names
import { run } from 'mitata';
import './packages/protocol/client-frames.ts';
import './packages/protocol/position.ts';
import './packages/protocol/record.ts';
import './gateway/rooms/flush-window.ts';
import './gateway/session/token-bucket.ts';

const [filter] = process.argv.slice(2);
await run(filter === undefined ? {} : { filter: new RegExp(filter) });
