import type { SimProcess } from '../sim-process.ts';
import { aGateway, DRAIN_MS } from './endings.ts';
import type { Trouble, TroubleParts } from './trouble.ts';

/** A producer says `down` after 2 s without a broker, and then refuses at once. */
const DOWN_MS = 2_300;

/** Several things that are harmless one by one, at times at which they meet. */
export const JOINT_TROUBLES: readonly Trouble[] = [
  {
    name: 'moved-without-a-log',
    weight: 4,
    make: (parts) => {
      const leaving = aGateway(parts);
      if (leaving === undefined) return undefined;
      const { platform, kafka, dice, time } = parts;
      // Whoever moves finds a gateway that cannot write yet; what was under way is written, late.
      platform.startGateway();
      const others = platform.gateways.filter((program) => program !== leaving);
      const backMs = DOWN_MS + dice.between(1_000, 5_000);
      for (const { process } of others) cutOff(parts, process, backMs);
      time.after(DOWN_MS, () => {
        kafka.holdUp(leaving.process, dice.between(500, 4_000));
        if (leaving.process.alive && !leaving.leaving) void platform.retireGateway(leaving);
      });
      const lagMs = workersLag(parts);
      publishMeanwhile(parts);
      return { what: leaving.process.name, lastsMs: Math.max(backMs, lagMs, DOWN_MS + DRAIN_MS) };
    },
  },
];

function cutOff({ kafka, time }: TroubleParts, process: SimProcess, ms: number): void {
  kafka.cutOff(process, true);
  time.after(ms, () => kafka.cutOff(process, false));
}

/** Workers do not come after, and what they know is asked for slowly: every look at it falls into another moment. */
function workersLag({ platform, redis, dice, time }: TroubleParts): number {
  const lagMs = DOWN_MS + dice.between(2_000, 7_000);
  for (const { process } of platform.workers) process.freeze(lagMs);
  time.after(DOWN_MS, () => redis.slow(dice.between(5, 80)));
  time.after(lagMs + 3_000, () => redis.slow(1));
  return lagMs + 3_000;
}

/** Members write a few messages while clients move: some on the old way, some on the new. */
function publishMeanwhile({ crowd, dice, time }: TroubleParts): void {
  for (let burst = 0; burst < 3; burst += 1) {
    time.after(DOWN_MS + dice.between(0, 2_500), () => crowd.burst(dice.whole(1, 4)));
  }
}
