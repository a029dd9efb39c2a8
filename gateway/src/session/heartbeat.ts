import { EMPTY_LINE, Limits } from '@chatplatform/protocol';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Session } from './session.ts';
import type { TimingWheel } from './timing-wheel.ts';

/** Pings sessions and ends those that went silent or whose token ran out. */
export class Heartbeat {
  readonly #wheel: TimingWheel;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: { wheel: TimingWheel; clock: Clock; random: Random }) {
    this.#wheel = parts.wheel;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /** The first ping comes early by chance, so that clients that came together are not pinged together. */
  start(session: Session): void {
    this.seen(session);
    const first = Limits.pingMs * (0.5 + this.#random.next() / 2);
    session.timers.heartbeat = this.#wheel.add(first, () => this.#ping(session));
    this.expireAt(session, session.identity.exp);
  }

  /** Any inbound frame is a sign of life. */
  seen(session: Session): void {
    session.lastSeen = this.#clock.monotonic();
  }

  /** @param exp ms since 1970 */
  expireAt(session: Session, exp: number): void {
    if (session.timers.expiry !== undefined) this.#wheel.remove(session.timers.expiry);
    session.timers.expiry = this.#wheel.add(Math.max(0, exp - this.#clock.now()), () => session.bye(3005));
  }

  stop(session: Session): void {
    const { heartbeat, expiry } = session.timers;
    if (heartbeat !== undefined) this.#wheel.remove(heartbeat);
    if (expiry !== undefined) this.#wheel.remove(expiry);
  }

  #ping(session: Session): void {
    if (session.socket.closed) return;
    const sent = this.#clock.monotonic();
    session.socket.send(EMPTY_LINE);
    session.timers.heartbeat = this.#wheel.add(Limits.pongWaitMs, () => {
      if (session.lastSeen < sent) {
        session.bye(3012);
        return;
      }
      session.timers.heartbeat = this.#wheel.add(Limits.pingMs - Limits.pongWaitMs, () =>
        this.#ping(session),
      );
    });
  }
}
