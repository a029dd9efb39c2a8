import { setTimeout } from 'node:timers/promises';
import { LoadProcess } from '../load/load-process.ts';
import type { Gateways } from '../targets/chat-platform.ts';
import type { Measured } from './measured.ts';
import { freshRooms } from './room-names.ts';
import { interleaved, scaled, verdictOf, type Bench, type Sample, type Scenario } from './scenario.ts';

const CLIENTS = 10_000;
const ROOM_SIZE = 100;
const PUBLISHES_PER_SECOND = 20;
/** Traffic before, during and after: 10 000 moves take 20 s by the budget of 500 a second. */
const LEAD_MS = 2000;
const SECONDS = 25;
const SECONDS_AROUND = 10;
const ARRIVALS_PER_SECOND = 1000;

/** A gateway with everybody on it is told to drain. */
export const drain: Scenario = {
  name: 'drain',
  about: `${CLIENTS} clients in rooms of ${ROOM_SIZE}, all on one of two gateways, ${PUBLISHES_PER_SECOND} publishes per second; the gateway is told to drain with the default budget of 500 reconnects a second. Clients open the new connection before they give up the old one.`,
  run: (bench) => moving(bench, drainFirst),
};

/** A gateway with everybody on it is killed. */
export const storm: Scenario = {
  name: 'storm',
  about: `${CLIENTS} clients in rooms of ${ROOM_SIZE}, all on one of two gateways, ${PUBLISHES_PER_SECOND} publishes per second; the gateway gets SIGKILL. Clients come back by themselves, with waits as the SDK's, the first one up to 2 s.`,
  run: (bench) => moving(bench, killFirst),
};

async function drainFirst({ adminPorts }: Gateways): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${adminPorts[0]}/drain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'bench' }),
  });
  if (!answer.ok) throw new Error(`the gateway refused to drain: ${answer.status} ${await answer.text()}`);
}

async function killFirst({ programs }: Gateways): Promise<void> {
  await programs[0]?.kill9();
}

function moving(bench: Bench, disturb: (gateways: Gateways) => Promise<void>): Promise<Sample[]> {
  return interleaved(bench, [bench.platform], async ({ name }, round) => {
    const [gateways, worker] = await Promise.all([
      bench.platform.startGateways(2),
      bench.platform.startWorker(),
    ]);
    // Publishers stay on the second gateway: that their messages reach everybody is what is asked.
    const loads = { roaming: new LoadProcess(), steady: new LoadProcess() };
    try {
      const measured = await moveAll(bench, { gateways, ...loads }, () => disturb(gateways));
      return [{ target: name, round, ...measured }];
    } finally {
      await Promise.all([loads.roaming.close(), loads.steady.close()]);
      await Promise.all([...gateways.programs, worker].map((program) => program.stop()));
    }
  });
}

interface Scene {
  readonly gateways: Gateways;
  readonly roaming: LoadProcess;
  readonly steady: LoadProcess;
}

async function moveAll(bench: Bench, scene: Scene, disturb: () => Promise<void>): Promise<Measured> {
  const { roaming, steady } = scene;
  const count = scaled(bench, CLIENTS);
  const rooms = freshRooms(Math.ceil(count / ROOM_SIZE));
  await assemble(bench, scene, { count, rooms });
  const duration = SECONDS_AROUND + SECONDS * bench.scale;
  const each = Math.ceil((PUBLISHES_PER_SECOND * duration) / rooms.length);
  const published = steady.publish({
    rooms,
    perSecond: PUBLISHES_PER_SECOND,
    seconds: (each * rooms.length) / PUBLISHES_PER_SECOND,
  });
  await setTimeout(LEAD_MS);
  await roaming.expectMoves();
  await disturb();
  const moves = await roaming.moved(count);
  await published;
  await roaming.owe(rooms, each);
  const [seen, sent] = [await roaming.report(), await steady.report()];
  const stayed = count - moves.clients;
  const report = { ...seen, published: sent.published, acked: sent.acked };
  return {
    values: {
      clients: moves.clients,
      'most moves of a client': moves.most,
      'peak reconnects per s': moves.peakPerSecond,
      'half back s': moves.halfSeconds,
      'all back s': moves.allSeconds,
      'delivery p50 ms': seen.delays.p50,
      'delivery p99 ms': seen.delays.p99,
      'delivery max ms': seen.delays.max,
      'load CPU share': seen.effort.cpuShare,
      'load lag p99 ms': seen.effort.lagP99,
    },
    verdict: stayed === 0 ? verdictOf(report) : `NOT CLEAN: ${stayed} clients did not move`,
  };
}

/** Everybody who moves on the first gateway, everybody who publishes on the second. */
async function assemble(
  { key }: Bench,
  { gateways: { ports }, roaming, steady }: Scene,
  { count, rooms }: { count: number; rooms: readonly string[] },
): Promise<void> {
  const crowd = { dialect: 'cp1', key, rooms: rooms.map((room) => [room]) } as const;
  await steady.assemble({ ...crowd, ports: ports.slice(1), count: 1, perSecond: 1 });
  await roaming.assemble({ ...crowd, ports, count, perSecond: ARRIVALS_PER_SECOND, roving: true });
  await steady.publishers(rooms);
}
