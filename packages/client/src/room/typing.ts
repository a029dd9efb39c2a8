import { Limits } from '@chatplatform/protocol/light';
import type { Clock, Timer } from '../clock.ts';

/** Who types in a room, as told by the platform; forgets a user who was not heard of for 5 s. */
export class TypingUsers {
  readonly #clock: Clock;
  readonly #changed: (user: string, on: boolean) => void;
  readonly #timers = new Map<string, Timer>();

  constructor(clock: Clock, changed: (user: string, on: boolean) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** The users who type now. */
  get users(): string[] {
    return [...this.#timers.keys()];
  }

  /** The platform said so, or a message came from the user. */
  set(user: string, on: boolean): void {
    const known = this.#timers.get(user);
    known?.cancel();
    if (on)
      this.#timers.set(
        user,
        this.#clock.setTimeout(() => this.set(user, false), Limits.typingExpiryMs),
      );
    else this.#timers.delete(user);
    if (on !== (known !== undefined)) this.#changed(user, on);
  }

  /** Forgets everyone: what one did before a loss of connection says nothing after it. */
  clear(): void {
    for (const user of this.users) this.set(user, false);
  }
}

/** Says whether this user types, as rarely as the platform wants it. */
export class TypingNotice {
  readonly #clock: Clock;
  readonly #send: (on: boolean) => void;
  #on = false;
  #sent = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, send: (on: boolean) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** To be called with every keystroke (`true`), and with `false` when the text is sent or cleared. */
  set(on: boolean): void {
    const now = this.#clock.monotonic();
    // A repeated "on" keeps the indicator of the others alive; "off" is said once, at once.
    const due = on ? now - this.#sent >= Limits.typingIntervalMs : this.#on;
    this.#on = on;
    if (!due) return;
    this.#sent = on ? now : Number.NEGATIVE_INFINITY;
    this.#send(on);
  }
}
