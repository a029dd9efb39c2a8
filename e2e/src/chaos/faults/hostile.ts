import { hostileFrames, type HostileFrame } from '@chatplatform/protocol';
import type { Random } from '@chatplatform/runtime';
import { holds, sleep, type Fault, type FaultContext } from '../fault.ts';
import { frameOf, RawSocket, upgradeRequest } from '../raw-socket.ts';

/** A close needs a round trip; on a machine that is busy with a thousand clients, some more. */
const CLOSED_MS = 10_000;
/** A frame that is only refused leaves the connection open: looked at after this time. */
const STILL_OPEN_MS = 300;
const RANDOM_SOCKETS = 60;
const MAX_RANDOM_BYTES = 2000;
const TEXT = 0x81;
const BINARY = 0x82;
/** A text that goes on in further frames. */
const TEXT_BEGINS = 0x01;

/** Strangers that mean ill. */
export const HOSTILE_FAULTS: readonly Fault[] = [
  {
    name: 'malformed-frames',
    title: `Malformed frames (${hostileFrames.length} kinds) and random bytes, before and after the upgrade`,
    happen: unharmed(async (context) => {
      // Side by side: what begins like a long frame is only closed when a hello is overdue.
      await Promise.all(hostileFrames.map((entry, number) => sendHostile(context, entry, number)));
      await Promise.all(Array.from({ length: RANDOM_SOCKETS }, (_, count) => sendNoise(context, count)));
    }),
  },
  {
    name: 'oversized-frames',
    title: 'Oversized frames: too long, announced as gigabytes, in pieces',
    happen: unharmed(async ({ platform: { access } }) => {
      const tooLong = Buffer.alloc(1_000_000, 'x');
      const kinds: ((raw: RawSocket) => void)[] = [
        (raw) => raw.bytes(frameOf(TEXT, tooLong)),
        (raw) => raw.bytes(frameOf(TEXT, tooLong.subarray(0, 1000), 2 ** 40)),
        (raw) => raw.bytes(frameOf(BINARY, tooLong.subarray(0, 0), 2 ** 32)),
        (raw) => {
          for (let count = 0; count < 100; count += 1)
            raw.bytes(frameOf(count === 0 ? TEXT_BEGINS : 0, tooLong.subarray(0, 10_000)));
        },
      ];
      for (let round = 0; round < 20; round += 1) {
        for (const send of kinds) {
          const raw = await RawSocket.open(access.url);
          send(raw);
          await closes(raw, 'an oversized frame');
        }
      }
    }),
  },
  {
    name: 'slow-loris',
    title: 'Slow-loris: 500 connections whose upgrade comes byte by byte, 200 that never say hello',
    happen: unharmed(slowLoris),
  },
];

/** Holds that no gateway or worker died of it. */
function unharmed(happen: (context: FaultContext) => Promise<void>): Fault['happen'] {
  return async (context) => {
    const { gateways, workers } = context.platform;
    const pids = (): number[] => [...gateways, ...workers].map(({ pid }) => pid);
    const before = pids();
    await happen(context);
    if (pids().join() !== before.join()) throw new Error('a program ended');
  };
}

async function closes(raw: RawSocket, after: string): Promise<void> {
  if (!(await raw.when(() => raw.closed, CLOSED_MS)))
    throw new Error(`the connection lived on after ${after}`);
}

async function sendHostile(
  { platform, room }: FaultContext,
  entry: HostileFrame,
  number: number,
): Promise<void> {
  // One user may have a few connections only: a further one would end the first.
  const token = await platform.token(`mallory-${number}`);
  const names = { room: 'hostile:1', otherRoom: 'hostile:2', forbiddenRoom: '@somebody' };
  const context = { ...names, token, inst: 'hostile-00000000' };
  const raw = await RawSocket.open(platform.access.url);
  if (entry.when === 'joined') {
    const hello = {
      token,
      inst: context.inst,
      rooms: { [context.room]: { limit: 0 }, [room]: { limit: 0 } },
    };
    const before = raw.received;
    raw.frame(JSON.stringify({ i: 1, hello }));
    await raw.when(() => raw.received > before, CLOSED_MS);
  }
  raw.frame(entry.frame(context));
  if (entry.outcome.kind === 'close') await closes(raw, entry.name);
  else {
    await sleep(STILL_OPEN_MS);
    if (raw.closed) throw new Error(`the connection was closed after ${entry.name}`);
  }
  raw.cut();
}

/** Random bytes instead of a request, instead of frames, and inside of frames. */
async function sendNoise({ platform, random }: FaultContext, count: number): Promise<void> {
  const { url } = platform.access;
  // Drawn before anything is awaited: the same seed, the same noise.
  const noise = randomBytesOf(random);
  const opcode = random.next() < 0.5 ? TEXT : BINARY;
  if (count % 3 === 0) {
    const raw = await RawSocket.dial(url);
    raw.bytes(noise);
    await sleep(20);
    raw.cut();
    return;
  }
  const raw = await RawSocket.open(url);
  if (count % 3 === 1) raw.bytes(noise);
  else raw.bytes(frameOf(opcode, noise));
  await closes(raw, 'random bytes');
}

function randomBytesOf(random: Random): Uint8Array {
  const length = 1 + Math.floor(random.next() * MAX_RANDOM_BYTES);
  return Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
}

const LORIS = 500;
const SILENT = 200;
/** Longer than a server waits for a hello or the rest of a request, 5 s and 10 s. */
const LORIS_SECONDS = 15;
/** After this time a server must have lost patience with all of them. */
const PATIENCE_MS = 30_000;

async function slowLoris({ platform, say }: FaultContext): Promise<void> {
  const { url } = platform.access;
  const request = Buffer.from(upgradeRequest(url));
  const slow = await Promise.all(Array.from({ length: LORIS }, () => RawSocket.dial(url)));
  const silent = await Promise.all(Array.from({ length: SILENT }, () => RawSocket.open(url)));
  for (let second = 0; second < LORIS_SECONDS; second += 1) {
    for (const raw of slow) raw.bytes(request.subarray(second, second + 1));
    await sleep(1000);
    // Somebody honest gets in all the while.
    const honest = await RawSocket.open(url);
    honest.cut();
  }
  const open = (all: readonly RawSocket[]): number => all.filter(({ closed }) => !closed).length;
  await holds(
    () => open(slow) + open(silent) === 0,
    PATIENCE_MS,
    () => `${open(slow)} slow and ${open(silent)} silent connections still hold a place`,
  );
  say(`all ${LORIS + SILENT} were closed`);
}
