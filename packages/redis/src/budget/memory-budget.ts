import type { MemoryServer } from '../memory/server.ts';
import type { Budget } from './budget.ts';

/** {@link Budget} in memory; the arithmetic of take.lua. */
export class MemoryBudget implements Budget {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  take(n: number, ratePerSecond: number): Promise<{ granted: number; waitMs: number }> {
    return this.#server.run((data, now) => {
      const capacity = Math.max(1, ratePerSecond / 10);
      const { tokens, at } = data.budget ?? { tokens: capacity, at: now };
      const filled = Math.min(capacity, tokens + (Math.max(0, now - at) * ratePerSecond) / 1000);
      const granted = Math.min(n, Math.floor(filled));
      data.budget = { tokens: filled - granted, at: now };
      const waitMs = granted < n ? Math.ceil(((1 - (filled - granted)) * 1000) / ratePerSecond) : 0;
      return { granted, waitMs };
    });
  }
}
