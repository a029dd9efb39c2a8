import { measured, warmedUp, type Measured } from './measured.ts';
import { freshRooms } from './room-names.ts';
import type { Session } from './session.ts';
import { inSession } from './session.ts';
import { interleaved, SATURATED, scaled, type Scenario } from './scenario.ts';

const MEMBERS = 1000;
const FIRST_PER_SECOND = 60;
const STEP = 1.5;
/** Beyond this the load generator, not the server, is what is measured. */
const MOST_PER_SECOND = 1500;
const SECONDS = 3;
const WARM_SECONDS = 2;
/** What people still call immediate. */
const LONGEST_P99_MS = 50;

/** How much one core can deliver before it shows. */
export const saturation: Scenario = {
  name: 'saturation',
  about: `One room of ${MEMBERS} members, single messages, the rate raised by ${STEP} every ${SECONDS} s until p99 exceeds ${LONGEST_P99_MS} ms or something is lost; the last rate that held. Server and load generator share two cores, ChatPlatform's also with Kafka, Redis and worker.`,
  run: (bench) =>
    interleaved(bench, bench.targets, (target, round) => {
      const [room = ''] = freshRooms(1);
      return inSession(target, { rooms: [[room]], count: scaled(bench, MEMBERS) }, async (session) => {
        await warmedUp(session, { rooms: [room], perSecond: FIRST_PER_SECOND, seconds: WARM_SECONDS });
        const { values, verdict, perSecond } = await climb(session, room);
        const perCore = (values['deliveries per s'] ?? 0) / (values['edge busy share'] || 1);
        return [
          {
            target: target.name,
            round,
            values: { 'publishes per s': perSecond, ...values, 'deliveries per edge CPU s': perCore },
            verdict,
          },
        ];
      });
    }),
};

type Held = Measured & { readonly perSecond: number };

async function climb(session: Session, room: string): Promise<Held> {
  let held: Held | undefined;
  for (let perSecond = FIRST_PER_SECOND; perSecond <= MOST_PER_SECOND; perSecond *= STEP) {
    const now = await measured(session, { rooms: [room], perSecond, seconds: SECONDS });
    const holds = (now.values['p99 ms'] ?? 0) <= LONGEST_P99_MS && now.verdict.startsWith('clean');
    if (!holds) return held === undefined ? { ...now, perSecond } : endedBy(held, now.verdict);
    held = { ...now, perSecond };
  }
  return endedBy(held as Held, SATURATED);
}

/** The next step says whether it was the server that ended the climb. */
function endedBy(held: Held, next: string): Held {
  if (!next.includes(SATURATED) || held.verdict.includes(SATURATED)) return held;
  return { ...held, verdict: `${held.verdict}, ${SATURATED} at the next step` };
}
