import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import { EPHEMERAL_CLASSES, topicOf } from '../rooms/topics.ts';
import { MAX_BACKPRESSURE_BYTES } from '../server/settings.ts';
import type { Session } from './session.ts';

/** Above this share of the limit nobody is sent what is not owed. */
const TRIM_SHARE = 0.5;
/** Above this share a goodbye is tried while the socket can still take it. */
const CLOSE_SHARE = 0.75;

/**
 * Looks after readers that are too slow, a few times per second: at half of the socket's limit ephemeral classes stop
 * for them, at three quarters they are told 3008; at the limit itself the server cuts the connection.
 */
export function trimSlowConsumers(sessions: Iterable<Session>, metrics: GatewayMetrics): void {
  for (const session of sessions) {
    const share = session.socket.bufferedBytes() / MAX_BACKPRESSURE_BYTES;
    if (share > CLOSE_SHARE) {
      if (!session.ended) metrics.slowCloses.inc();
      session.bye(3008);
    } else if (share > TRIM_SHARE || session.trimmed) {
      // Looked at each time: it may have joined further rooms.
      setEphemeral(session, share <= TRIM_SHARE);
    }
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
