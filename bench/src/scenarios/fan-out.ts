import { measured, warmedUp } from './measured.ts';
import { freshRooms } from './room-names.ts';
import { inSession } from './session.ts';
import { interleaved, scaled, type Scenario } from './scenario.ts';

const MEMBERS = 1000;
/** 40 000 deliveries a second: below what any of the servers can do beside a load generator on two cores. */
const PUBLISHES_PER_SECOND = 40;
const BURST = 8;
const WARM_SECONDS = 2;
/**
 * Into a room of one, before: what a message costs that meets code which ran a hundred times is no property of any of the
 * servers. At 40 messages a second it would take minutes until it is compiled.
 */
const COMPILING = { perSecond: 500, seconds: 5 } as const;
const SECONDS = 5;

/** CPU of one delivery when one message goes to a thousand. */
export const fanOut: Scenario = {
  name: 'fan-out',
  about: `One room of ${MEMBERS} members, 200-byte messages, ${PUBLISHES_PER_SECOND} publishes per second, first one at a time, then ${BURST} at the same moment; CPU of the process that holds the connections. ChatPlatform's messages go through Kafka, a worker and Redis, the peers' through one process.`,
  run: (bench) =>
    interleaved(bench, bench.targets, (target, round) => {
      const [room = '', compiling = ''] = freshRooms(2);
      const members = scaled(bench, MEMBERS);
      const rooms = [[compiling], ...Array.from({ length: members }, () => [room])];
      return inSession(target, { rooms, count: rooms.length }, async (session) => {
        const compile = { ...COMPILING, rooms: [compiling], seconds: scaled(bench, COMPILING.seconds) };
        const plan = { rooms: [room], perSecond: PUBLISHES_PER_SECOND };
        await warmedUp(session, compile, { ...plan, seconds: WARM_SECONDS });
        const single = await measured(session, { ...plan, seconds: SECONDS });
        const bursts = await measured(session, { ...plan, burst: BURST, seconds: SECONDS });
        return [
          { target: `${target.name}, single`, round, ...single },
          { target: `${target.name}, bursts of ${BURST}`, round, ...bursts },
        ];
      });
    }),
};
