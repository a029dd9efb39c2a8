import { measured, warmedUp } from './measured.ts';
import { freshRooms } from './room-names.ts';
import { inSession } from './session.ts';
import { interleaved, scaled, type Scenario } from './scenario.ts';

const ROOMS = 10;
const MEMBERS_EACH = 2;
const PUBLISHES_PER_SECOND = 100;
const WARM_SECONDS = 3;
const SECONDS = 8;

/** How long a message takes when nobody is in a hurry. */
export const latency: Scenario = {
  name: 'latency',
  about: `${PUBLISHES_PER_SECOND} publishes per second into ${ROOMS} rooms; from the moment a message was due until a member had it. ChatPlatform and Centrifugo: 2 gateways or nodes, members on both, every message written to Kafka (acks=all) and Redis first; the other peers are one process and keep nothing.`,
  run: (bench) =>
    interleaved(bench, bench.durable, (target, round) => {
      const names = freshRooms(ROOMS);
      const plan = { rooms: names, perSecond: PUBLISHES_PER_SECOND };
      const crowd = { rooms: names.map((name) => [name]), count: ROOMS * MEMBERS_EACH, start: { edges: 2 } };
      return inSession(target, crowd, async (session) => {
        await warmedUp(session, { ...plan, seconds: Math.min(WARM_SECONDS, scaled(bench, WARM_SECONDS)) });
        const result = await measured(session, { ...plan, seconds: scaled(bench, SECONDS) });
        return [{ target: target.name, round, ...result }];
      });
    }),
};
