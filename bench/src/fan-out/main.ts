// CPU of one delivery in the process that holds the sockets, without everything around it: the gateway's way from its
// inbox to 1 000 sockets against uWebSockets.js alone, with and without compression. One round of each in turn.
//   tools/run bench/src/fan-out/main.ts [--rounds N] [--members N] [--seconds N] [--bytes N,N]
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RawSocket } from '../load/raw-socket.ts';
import { ROOT } from '../targets/program.ts';
import type { Answer, Order } from './order.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    members: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '3' },
    bytes: { type: 'string', default: '200,1024,4096,12288' },
  },
});
const ROUNDS = Number(flags.rounds);
const MEMBERS = Number(flags.members);
const SECONDS = Number(flags.seconds);
/** Deliveries a second, and bytes: below what one core does beside the clients on the other. */
const DELIVERIES_PER_SECOND = 40_000;
const BYTES_PER_SECOND = 40_000_000;
/** Everything has arrived when nothing came for so long. */
const QUIET_MS = 200;
const BYTES = flags.bytes.split(',').map(Number);
const BURSTS = [1, 8];
const WORDS =
  'the build is green again please have a look at line of code that we moved to another room'.split(' ');

interface Target {
  readonly name: string;
  readonly entry: string;
  readonly deflate: boolean;
  /** Several messages may share a frame. */
  readonly joins: boolean;
}

const TARGETS: readonly Target[] = [
  { name: 'raw uWebSockets.js', entry: 'bench/src/fan-out/raw-server.ts', deflate: false, joins: false },
  { name: 'gateway', entry: 'gateway/src/testing/fan-out-server.ts', deflate: false, joins: true },
  { name: 'raw, deflate', entry: 'bench/src/fan-out/raw-server.ts', deflate: true, joins: false },
];

/** Of one delivery: microseconds of the server's CPU, and bytes on the wire. */
interface Cost {
  readonly us: number;
  readonly bytes: number;
}

interface Crowd {
  deliveries: number;
  bytes: number;
  lastAt: number;
}

/** Text of about that size that compresses as chat does: words, and a number of its own. */
function textOf(bytes: number): string {
  let text = '';
  for (let n = 0; text.length < bytes; n += 1)
    text += `${WORDS[(n * n + (n >> 2)) % WORDS.length]} ${n % 7 === 0 ? n : ''} `;
  return text.slice(0, bytes);
}

async function start(target: Target): Promise<{ server: ChildProcess; port: number }> {
  const server = fork(join(ROOT, target.entry), target.deflate ? ['deflate'] : [], {
    execArgv: ['--conditions=@chatplatform/source', '--disable-warning=ExperimentalWarning'],
  });
  const { port = 0 } = await answerOf(server);
  return { server, port };
}

async function answerOf(server: ChildProcess): Promise<Answer> {
  const [answer] = (await once(server, 'message')) as [Answer];
  return answer;
}

async function gather(target: Target, port: number, crowd: Crowd): Promise<RawSocket[]> {
  const sockets: RawSocket[] = [];
  const address = {
    port,
    path: '/ws',
    protocol: 'cp1.json',
    ...(target.deflate && { extensions: 'permessage-deflate; client_no_context_takeover' }),
  };
  for (let n = 0; n < MEMBERS; n += 1) {
    await new Promise<void>((resolve) => {
      sockets.push(
        new RawSocket(address, {
          onOpen: resolve,
          onClose: () => undefined,
          onFrame: (payload) => {
            crowd.deliveries += target.joins ? linesIn(payload) : 1;
            crowd.bytes += payload.length;
            crowd.lastAt = performance.now();
          },
        }),
      );
    });
  }
  return sockets;
}

function linesIn(payload: Buffer): number {
  let lines = 1;
  for (let at = payload.indexOf(10); at >= 0; at = payload.indexOf(10, at + 1)) lines += 1;
  return lines;
}

async function measure(target: Target, bytes: number, burst: number): Promise<Cost> {
  const crowd: Crowd = { deliveries: 0, bytes: 0, lastAt: 0 };
  const { server, port } = await start(target);
  const sockets = await gather(target, port, crowd);
  const rate = Math.min(DELIVERIES_PER_SECOND, BYTES_PER_SECOND / bytes);
  const everyMs = Math.max(1, Math.round((1000 * MEMBERS * burst) / rate));
  const turns = Math.ceil((SECONDS * 1000) / everyMs);
  const order: Order = { text: textOf(bytes), burst, turns, everyMs };
  server.send(order);
  await answerOf(server);
  crowd.lastAt = performance.now();
  while (performance.now() - crowd.lastAt < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 20));
  server.send({ stop: true });
  const { cpuSeconds = 0 } = await answerOf(server);
  for (const socket of sockets) socket.destroy();
  server.kill();
  const wanted = MEMBERS * burst * turns;
  if (crowd.deliveries !== wanted)
    throw new Error(`${target.name}: ${crowd.deliveries} of ${wanted} deliveries`);
  return { us: (cpuSeconds * 1e6) / wanted, bytes: crowd.bytes / wanted };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Interleaved: what disturbs the machine disturbs all of them. */
async function compare(bytes: number, burst: number): Promise<void> {
  const found = TARGETS.map((target) => ({ target, costs: [] as Cost[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { target, costs } of found) costs.push(await measure(target, bytes, burst));
  }
  for (const { target, costs } of found) {
    const us = median(costs.map((cost) => cost.us)).toFixed(2);
    const wire = Math.round(median(costs.map((cost) => cost.bytes)));
    print(`| ${bytes} B | ${burst} | ${target.name} | ${us} | ${wire} |`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

print(`1 -> ${MEMBERS}, ${ROUNDS} rounds in turn, median; CPU of the process that holds the sockets`);
print('| message | at a time | target | CPU s per million | bytes on the wire |');
print('|---:|---:|---|---:|---:|');
for (const bytes of BYTES) for (const burst of BURSTS) await compare(bytes, burst);
