import { SESSION_TIMEOUT_MS } from '../platform.ts';
import { aWorker, endWorker, RESTART_MS } from './endings.ts';
import type { Trouble } from './trouble.ts';

/** What happens to workers. */
export const WORKER_TROUBLES: readonly Trouble[] = [
  {
    name: 'worker-kill',
    weight: 4,
    make: (parts) => endWorker(parts, (program) => parts.platform.killWorker(program), SESSION_TIMEOUT_MS),
  },
  {
    name: 'worker-mute-then-killed',
    weight: 3,
    make: (parts) =>
      endWorker(
        parts,
        (program) => {
          const { redis, time, dice, platform } = parts;
          redis.mute(program.process);
          time.after(dice.between(50, 1_500), () => {
            if (program.process.alive) platform.killWorker(program);
          });
        },
        SESSION_TIMEOUT_MS + 1_500,
      ),
  },
  {
    name: 'worker-never-heard',
    weight: 3,
    make: (parts) => {
      const { platform, redis, dice, time } = parts;
      if (platform.workers.length > 3) return undefined;
      // No gateway ever knows that there was one, so none notices that it is gone.
      const program = platform.startWorker();
      redis.mute(program.process);
      const lastsMs = dice.between(500, 6_000);
      time.after(lastsMs, () => platform.killWorker(program));
      return { what: program.process.name, lastsMs: lastsMs + SESSION_TIMEOUT_MS };
    },
  },
  {
    name: 'worker-retire',
    weight: 2,
    make: (parts) => endWorker(parts, (program) => void parts.platform.retireWorker(program), 0),
  },
  {
    name: 'worker-joins',
    weight: 2,
    make: ({ platform }) => {
      if (platform.workers.length > 3) return undefined;
      return { what: platform.startWorker().process.name, lastsMs: 0 };
    },
  },
  {
    name: 'worker-evicted',
    weight: 3,
    make: (parts) => {
      const program = aWorker(parts);
      if (program === undefined) return undefined;
      const { platform, kafka, time, dice } = parts;
      // It goes on working for a while, as one that does not know yet; then it is started anew.
      platform.startWorker();
      kafka.evict(program.process);
      const lastsMs = dice.between(50, RESTART_MS);
      time.after(lastsMs, () => {
        if (!program.leaving) platform.killWorker(program);
      });
      return { what: program.process.name, lastsMs };
    },
  },
  {
    name: 'freeze',
    weight: 2,
    make: ({ platform, dice, kafka, time }) => {
      const program = dice.pick([...platform.gateways, ...platform.workers]);
      if (program === undefined) return undefined;
      const lastsMs = dice.chance(0.2) ? dice.between(10_000, 20_000) : dice.between(100, 5_000);
      program.process.freeze(lastsMs);
      const worker = platform.workers.find(({ process }) => process === program.process);
      if (worker !== undefined && lastsMs > SESSION_TIMEOUT_MS) {
        time.after(SESSION_TIMEOUT_MS, () => kafka.evict(program.process));
        time.after(lastsMs + 500, () => {
          if (worker.leaving) return;
          platform.killWorker(worker);
          platform.startWorker();
        });
      }
      return { what: program.process.name, lastsMs: lastsMs + 600 };
    },
  },
];
