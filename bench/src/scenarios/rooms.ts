import { measured, warmedUp } from './measured.ts';
import { freshRooms } from './room-names.ts';
import { inSession } from './session.ts';
import { interleaved, scaled, type Scenario } from './scenario.ts';

const ROOMS = 100;
const MEMBERS_EACH = 10;
const PUBLISHES_PER_SECOND = 2000;
const WARM_SECONDS = 2;
const SECONDS = 5;

/** The whole path of many small rooms. */
export const rooms: Scenario = {
  name: 'rooms',
  about: `${ROOMS} rooms of ${MEMBERS_EACH} members, ${PUBLISHES_PER_SECOND} publishes per second in all; CPU of all processes (ChatPlatform: gateway, worker, Redis and Kafka; Centrifugo: with its Redis engine, fed by its Kafka consumer, Redis and Kafka; the others are one process without a log).`,
  run: (bench) =>
    interleaved(bench, bench.durable, (target, round) => {
      const names = freshRooms(ROOMS);
      const plan = { rooms: names, perSecond: scaled(bench, PUBLISHES_PER_SECOND) };
      const crowd = { rooms: names.map((name) => [name]), count: ROOMS * MEMBERS_EACH };
      return inSession(target, crowd, async (session) => {
        await warmedUp(session, { ...plan, seconds: WARM_SECONDS });
        const result = await measured(session, { ...plan, seconds: SECONDS });
        return [{ target: target.name, round, ...result }];
      });
    }),
};
