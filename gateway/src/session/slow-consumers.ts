import type { Clock } from '@chatplatform/runtime';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import { EPHEMERAL_CLASSES, topicOf } from '../rooms/topics.ts';
import { MAX_BACKPRESSURE_BYTES } from '../server/settings.ts';
import type { Session } from './session.ts';

/** Above this share of the limit nobody is sent what is not owed. */
const TRIM_SHARE = 0.5;
/** Above this share a goodbye is tried while the socket can still take it. */
const CLOSE_SHARE = 0.75;

/** Everybody is looked at that often whatever was handed over, ms: answers to a client's pings are counted by nobody. */
const LONGEST_MS = 5_000;

interface Deps {
  readonly sessions: () => Iterable<Session>;
  /** Bytes handed to sockets so far, a frame for many counted once. */
  readonly handed: () => number;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: GatewayMetrics;
}

/**
 * Looks after readers that are too slow: at half of the socket's limit ephemeral classes stop for them, at three
 * quarters they are told 3008; at the limit itself the server cuts the connection.
 */
export class SlowConsumers {
  readonly #deps: Deps;
  /** As long as less than this was handed over nobody can have come to half of the limit. */
  #nobodyUpTo = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Called a few times per second; costs nothing while little is sent. */
  look(): void {
    const handed = this.#deps.handed();
    const now = this.#deps.clock.monotonic();
    if (handed < this.#nobodyUpTo && now - this.#lookedAt < LONGEST_MS) return;
    this.#lookedAt = now;
    let most = 0;
    for (const session of this.#deps.sessions()) most = Math.max(most, this.#lookAt(session));
    this.#nobodyUpTo = handed + (TRIM_SHARE - most) * MAX_BACKPRESSURE_BYTES;
  }

  /** The share of the limit that waits; of one that is kept short, enough to be looked at again soon. */
  #lookAt(session: Session): number {
    const share = session.socket.bufferedBytes() / MAX_BACKPRESSURE_BYTES;
    if (share > CLOSE_SHARE) {
      if (!session.ended) this.#deps.metrics.slowCloses.inc();
      session.bye(3008);
    } else if (share > TRIM_SHARE || session.trimmed) {
      // Looked at each time: it may have joined further rooms.
      setEphemeral(session, share <= TRIM_SHARE);
    }
    return session.trimmed ? 1 : share;
  }
}

function setEphemeral(session: Session, wanted: boolean): void {
  session.trimmed = !wanted;
  for (const [room, classes] of session.rooms) {
    for (const cls of EPHEMERAL_CLASSES.filter((name) => classes.includes(name))) {
      if (wanted) session.socket.subscribe(topicOf(cls, room));
      else session.socket.unsubscribe(topicOf(cls, room));
    }
  }
}
