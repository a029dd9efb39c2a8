import { setTimeout } from 'node:timers/promises';
import { isSaturated } from '../load/effort.ts';
import { type Cpu, cpuBetween, cpuOf, rssBytes } from '../measure/processes.ts';
import { median } from '../report/summary.ts';
import { freshRooms } from './room-names.ts';
import { inSession, type Session } from './session.ts';
import { interleaved, SATURATED, scaled, type Sample, type Scenario } from './scenario.ts';

const CONNECTIONS = 10_000;
/** Few enough that no kernel queue of a listener overflows, enough that a run takes seconds. */
const PER_SECOND = 1000;
/** Members of the one room, and of the other: a team and a hall. */
const ROOM_SIZES = [10, 100];
/** What is written behind a reply (presence, routes) belongs to the connect; it takes less than this. */
const CONNECT_TAIL_MS = 1000;
/** Garbage of ten thousand connects is collected, and its pages are given back. */
const SETTLE_MS = 10_000;
/** A collection may fall into any one moment. */
const SAMPLES = 5;
const SAMPLE_EVERY_MS = 500;
const KB = 1024;
const MS = 1000;

/** What a server had used when it ran and nobody was connected yet. */
interface Baseline {
  readonly rss: number;
  readonly cpu: Cpu;
}

/** Memory of a connection that does nothing, and what it cost to get in. */
export const idle: Scenario = {
  name: 'idle',
  about: `10 000 connections, each authenticated and joined to 2 rooms (of 10 and 100 members), 1 000 new ones per second; growth of RSS of the server process per connection, ${SETTLE_MS / MS} s after the last one came (median of ${SAMPLES} readings), and CPU until ${CONNECT_TAIL_MS / MS} s after it.`,
  run: (bench) =>
    interleaved(bench, bench.targets, async (target, round) => {
      const count = scaled(bench, CONNECTIONS);
      const kinds = ROOM_SIZES.map((size) => freshRooms(Math.ceil(count / size)));
      const rooms = Array.from({ length: count }, (_, index) =>
        kinds.map((kind) => kind[index % kind.length] as string),
      );
      let before: Baseline = { rss: 0, cpu: {} };
      const onStarted: NonNullable<Parameters<typeof inSession>[1]['onStarted']> = ({ pids }) => {
        before = { rss: edgeRss(pids.edge), cpu: cpuOf(pids) };
      };
      return inSession(target, { rooms, count, perSecond: PER_SECOND, onStarted }, async (session) => [
        { target: target.name, round, ...(await settled(session, before, count)) },
      ]);
    }),
};

async function settled(
  { running: { pids }, arrival, load }: Session,
  before: Baseline,
  count: number,
): Promise<Pick<Sample, 'values' | 'verdict'>> {
  await setTimeout(CONNECT_TAIL_MS);
  const used = cpuBetween(before.cpu, cpuOf(pids));
  await setTimeout(SETTLE_MS);
  const readings: number[] = [];
  for (let reading = 0; reading < SAMPLES; reading += 1) {
    readings.push(edgeRss(pids.edge));
    await setTimeout(SAMPLE_EVERY_MS);
  }
  const { closed, refused } = await load.report();
  const rss = median(readings);
  const { cpuShare, lagP99 } = arrival.effort;
  return {
    values: {
      'KB per connection': (rss - before.rss) / KB / count,
      'RSS MB': rss / KB / KB,
      'edge CPU ms per connect': ((used['edge'] ?? 0) * MS) / count,
      'all CPU ms per connect': (sum(used) * MS) / count,
      'connects per s': count / arrival.seconds,
      'load CPU share': cpuShare,
      'load lag p99 ms': lagP99,
    },
    verdict:
      closed + refused > 0
        ? `NOT CLEAN: ${closed} closed, ${refused} refused while nothing happened`
        : `clean (${arrival.joined} of ${count} in)${isSaturated(arrival.effort) ? `, ${SATURATED}` : ''}`,
  };
}

function edgeRss(pids: readonly number[]): number {
  return sum(pids.map(rssBytes));
}

function sum(values: Cpu | readonly number[]): number {
  return Object.values(values).reduce((total, value) => total + value, 0);
}
