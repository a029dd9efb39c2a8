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
    session.heartbeat = this.#wheel.add(first, this.#ping, session);
    this.expireAt(session, session.identity.exp);
  }

  /** Any inbound frame is a sign of life. */
  seen(session: Session): void {
    session.lastSeen = this.#clock.monotonic();
  }

  /** @param exp ms since 1970 */
  expireAt(session: Session, exp: number): void {
    if (session.expiry !== undefined) this.#wheel.remove(session.expiry);
    session.expiry = this.#wheel.add(Math.max(0, exp - this.#clock.now()), expire, session);
  }

  stop({ heartbeat, expiry }: Session): void {
    if (heartbeat !== undefined) this.#wheel.remove(heartbeat);
    if (expiry !== undefined) this.#wheel.remove(expiry);
  }

  readonly #ping = (session: Session): void => {
    if (session.socket.closed) return;
    session.pingedAt = this.#clock.monotonic();
    session.socket.send(EMPTY_LINE);
    session.heartbeat = this.#wheel.add(Limits.pongWaitMs, this.#expectSeen, session);
  };

  readonly #expectSeen = (session: Session): void => {
    if (session.lastSeen < session.pingedAt) {
      session.bye(3012);
      return;
    }
    session.heartbeat = this.#wheel.add(Limits.pingMs - Limits.pongWaitMs, this.#ping, session);
  };
}

function expire(session: Session): void {
  session.bye(3005);
}
