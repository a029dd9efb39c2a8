import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import { budgetTake } from '../lua/scripts.generated.ts';
import type { Budget } from './budget.ts';

const TAKE = new Script(budgetTake);

/** {@link Budget} in Redis. */
export class RedisBudget implements Budget {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async take(n: number, ratePerSecond: number): Promise<{ granted: number; waitMs: number }> {
    const reply = await TAKE.run(this.#connection, [this.#keys.budget()], [n, ratePerSecond]);
    const [granted, waitMs] = reply as [number, number];
    return { granted, waitMs };
  }
}
