import type { GatewayProgram, WorkerProgram } from '../platform.ts';
import type { TroubleParts } from './trouble.ts';

/** Longest time until another program takes the place of one that ended, ms. */
export const RESTART_MS = 3_000;
/** A drain: propagation, moves, deadline. */
export const DRAIN_MS = 10_000;

/** One that serves. */
export function aGateway({ platform, dice }: TroubleParts): GatewayProgram | undefined {
  return dice.pick(platform.gateways.filter(({ leaving, running }) => !leaving && running !== undefined));
}

/** One that works. */
export function aWorker({ platform, dice }: TroubleParts): WorkerProgram | undefined {
  return dice.pick(platform.workers.filter(({ leaving, running }) => !leaving && running !== undefined));
}

/** Another gateway takes the place of the one that ends, before or after it. */
export function endGateway(
  parts: TroubleParts,
  end: (program: GatewayProgram) => void,
  takesMs = 0,
): { what: string; lastsMs: number } | undefined {
  const program = aGateway(parts);
  if (program === undefined) return undefined;
  const { platform, dice, time } = parts;
  const restartMs = dice.between(0, RESTART_MS);
  end(program);
  time.after(restartMs, () => void platform.startGateway());
  return { what: program.process.name, lastsMs: Math.max(restartMs, takesMs) };
}

/** Another worker takes the place of the one that ends, before or after it. */
export function endWorker(
  parts: TroubleParts,
  end: (program: WorkerProgram) => void,
  takesMs: number,
): { what: string; lastsMs: number } | undefined {
  const program = aWorker(parts);
  if (program === undefined) return undefined;
  const { platform, dice, time } = parts;
  const restartMs = dice.between(0, RESTART_MS);
  end(program);
  time.after(restartMs, () => void platform.startWorker());
  return { what: program.process.name, lastsMs: Math.max(restartMs, takesMs) };
}
