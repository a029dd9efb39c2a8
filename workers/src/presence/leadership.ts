import type { Locks } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';

/** A leader that died is followed after this time at the latest, ms. */
export const LEAD_MS = 15_000;
/** Renewals before the lock ends: two may fail. */
const RENEW_MS = 5_000;

interface Deps {
  readonly locks: Locks;
  /** What is led. */
  readonly name: string;
  /** Who this is; never the same twice. */
  readonly holder: string;
  readonly clock: Clock;
  readonly onChange: (leads: boolean) => void;
}

/** Whether this process is the one that does what only one should do. */
export class Leadership {
  readonly #deps: Deps;
  /** Monotonic ms. */
  #askedAt = -Infinity;
  #leads = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Asks Redis when it is time to, and says whether this process leads. Rejects while Redis does not answer. */
  async leads(): Promise<boolean> {
    const { clock, holder, locks, name } = this.#deps;
    const now = clock.monotonic();
    if (now - this.#askedAt < RENEW_MS) return this.#leads;
    try {
      this.#set(await locks.hold(name, holder, LEAD_MS));
      this.#askedAt = now;
    } catch (error) {
      // Somebody else may lead by now.
      this.#set(false);
      throw error;
    }
    return this.#leads;
  }

  /** Lets another one lead at once. */
  async resign(): Promise<void> {
    const { locks, name, holder } = this.#deps;
    if (!this.#leads) return;
    this.#set(false);
    this.#askedAt = -Infinity;
    await locks.release(name, holder);
  }

  #set(leads: boolean): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#deps.onChange(leads);
  }
}
