import { setTimeout } from 'node:timers/promises';
import { type Cpu, cpuBetween, cpuOf, rssBytes } from '../measure/processes.ts';
import { freshRooms } from './room-names.ts';
import { inSession } from './session.ts';
import { interleaved, scaled, type Scenario } from './scenario.ts';

const CONNECTIONS = 10_000;
/** Few enough that no kernel queue of a listener overflows, enough that a run takes seconds. */
const PER_SECOND = 1000;
/** Members of the one room, and of the other: a team and a hall. */
const ROOM_SIZES = [10, 100];
const SETTLE_MS = 3000;
const KB = 1024;
const MS = 1000;

/** Memory of a connection that does nothing, and what it cost to get in. */
export const idle: Scenario = {
  name: 'idle',
  about:
    '10 000 connections, each authenticated by a JWT and joined to 2 rooms (of 10 and 100 members), 1 000 new ones per second; growth of RSS and CPU of the server process per connection.',
  run: (bench) =>
    interleaved(bench, bench.targets, async (target, round) => {
      const count = scaled(bench, CONNECTIONS);
      const kinds = ROOM_SIZES.map((size) => freshRooms(Math.ceil(count / size)));
      const rooms = Array.from({ length: count }, (_, index) =>
        kinds.map((kind) => kind[index % kind.length] as string),
      );
      let rss = 0;
      let cpu: Cpu = {};
      return inSession(
        target,
        {
          rooms,
          count,
          perSecond: PER_SECOND,
          onStarted: ({ pids }) => {
            rss = edgeRss(pids.edge);
            cpu = cpuOf(pids);
          },
        },
        async ({ running, arrival }) => {
          const used = cpuBetween(cpu, cpuOf(running.pids));
          await setTimeout(SETTLE_MS);
          const values = {
            'KB per connection': (edgeRss(running.pids.edge) - rss) / KB / count,
            'RSS MB': edgeRss(running.pids.edge) / KB / KB,
            'edge CPU ms per connect': ((used['edge'] ?? 0) * MS) / count,
            'all CPU ms per connect': (sum(used) * MS) / count,
            'connects per s': count / arrival.seconds,
          };
          const verdict = `clean (${arrival.joined} of ${count} in)`;
          return [{ target: target.name, round, values, verdict }];
        },
      );
    }),
};

function edgeRss(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + rssBytes(pid), 0);
}

function sum(cpu: Cpu): number {
  return Object.values(cpu).reduce((total, value) => total + value, 0);
}
