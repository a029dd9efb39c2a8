import { protocolError } from '@chatplatform/protocol';
import type { SessionRegistry } from './session-registry.ts';

/** What taking over needs. */
export interface TakeoverOptions {
  incarnation: string;
  registry: SessionRegistry;
  /** Tells another gateway that this generation of the session lives here now. */
  tell: (gateway: string, command: { takeover: { sid: string; generation: number } }) => Promise<unknown>;
}

/**
 * Ends the older socket of a session.
 *
 * Invariant: from the moment it is superseded the old socket hands no publish to the log; what it had handed over is
 * acknowledged on it before it closes with 3514.
 */
export class Takeover {
  readonly #options: TakeoverOptions;

  constructor(options: TakeoverOptions) {
    this.#options = options;
  }

  /** `generation` of session `sid` is on this gateway now; `previous` is the gateway that had it. */
  announce(sid: string, generation: number, previous: string | undefined): void {
    this.end(sid, generation);
    if (previous === undefined || previous === this.#options.incarnation) return;
    // Lost with the old gateway or on the way: then the old socket ends by its heartbeat, and the client ignores it.
    this.#options.tell(previous, { takeover: { sid, generation } }).catch(() => undefined);
  }

  /** A socket of `sid` with a lower generation than `generation` ends. */
  end(sid: string, generation: number): void {
    const session = this.#options.registry.get(sid);
    if (session === undefined || session.generation >= generation || session.superseded) return;
    session.superseded = true;
    session.lanes.close(protocolError(115, 'a newer socket has this session; publish there'));
    void session.lanes.settled().then(() => session.bye(3514));
  }
}
