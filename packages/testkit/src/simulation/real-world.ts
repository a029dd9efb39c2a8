/** Everything by which code could notice the machine it runs on, or act outside of simulated time. */
const LEAKS = ['setTimeout', 'setInterval'] as const;

/**
 * Cuts the real world off while `run` lasts: `setImmediate` becomes a turn of the simulated loop, and real timers,
 * the real date and real randomness throw, because with them a seed would no longer say everything.
 */
export async function withoutRealWorld<T>(soon: (fn: () => void) => void, run: () => Promise<T>): Promise<T> {
  const world = globalThis as unknown as Record<string, unknown>;
  const kept = {
    setImmediate: world['setImmediate'],
    now: Date.now,
    random: Math.random,
    timers: LEAKS.map((name) => world[name]),
  };
  const forbidden = (name: string) => (): never => {
    throw new Error(`${name} was used inside the simulation; inject a clock or randomness there`);
  };
  world['setImmediate'] = (fn: (...args: unknown[]) => void, ...args: unknown[]) => soon(() => fn(...args));
  Date.now = forbidden('Date.now');
  Math.random = forbidden('Math.random');
  for (const name of LEAKS) world[name] = forbidden(name);
  try {
    return await run();
  } finally {
    world['setImmediate'] = kept.setImmediate;
    Date.now = kept.now;
    Math.random = kept.random;
    LEAKS.forEach((name, at) => {
      world[name] = kept.timers[at];
    });
  }
}
