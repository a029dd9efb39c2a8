import type { RecordProducer } from '@chatplatform/kafka';
import { encodePush, Limits } from '@chatplatform/protocol';
import { encodeInboxLine, GOING_MS, LEASE_MS, type Redis } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import { eventRecord, type EventTopic } from '../events.ts';

/** After Redis was away every lease has ended: its gateways get this long to come back, ms. */
const AFTER_OUTAGE_MS = 2 * LEASE_MS;

interface Deps {
  readonly redis: Pick<Redis, 'gateways' | 'inbox' | 'presence' | 'routes'>;
  readonly producer: RecordProducer;
  readonly events: EventTopic;
  /** Sender of the pushes. */
  readonly incarnation: string;
  readonly clock: Clock;
}

/**
 * Clears what dead gateways left and tells who went with them: members by a push, other services by an event. Living
 * gateways do the same; a room is cleared by one of them, and only that one tells.
 */
export class Sweep {
  readonly #deps: Deps;
  #outageEnded = -Infinity;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Redis was away or may have lost leases. */
  afterOutage(): void {
    this.#outageEnded = this.#deps.clock.monotonic();
  }

  /** Rejects with an error of Redis or Kafka; the next run goes on. */
  async run(): Promise<void> {
    const { clock, redis } = this.#deps;
    // Until leases are renewed after an outage nothing can be told from their absence.
    if (clock.monotonic() - this.#outageEnded < AFTER_OUTAGE_MS) return;
    for (const incarnation of await redis.gateways.ended(GOING_MS)) {
      const { rooms } = await redis.gateways.sweep(incarnation);
      for (const { room, left } of rooms) if (left.length > 0) await this.#tell(room, left);
    }
  }

  async #tell(room: string, left: readonly string[]): Promise<void> {
    const { clock, events, producer } = this.#deps;
    const at = clock.now();
    const records = left.map((user) => eventRecord({ type: 'member.left', room, user, at }, events));
    await Promise.all([producer.appendAll(records), this.#push(room, left)]);
  }

  async #push(room: string, left: readonly string[]): Promise<void> {
    const { incarnation, redis } = this.#deps;
    const [occ, gateways] = await Promise.all([redis.presence.count(room), redis.routes.of(room)]);
    // As gateways have it: above the limit of a small room only the number is told.
    const leave = occ > Limits.smallRoomMembers ? {} : { leave: [...left] };
    const line = encodeInboxLine({
      class: 'pr',
      room,
      frame: encodePush({ pr: { r: room, ...leave, occ } }),
    });
    await Promise.all(gateways.map((gateway) => redis.inbox.send(gateway, incarnation, [line])));
  }
}
