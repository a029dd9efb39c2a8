import type { RecordProducer } from '@chatplatform/kafka';
import { encodePush, Limits } from '@chatplatform/protocol';
import { encodeInboxLine, LeaseSweep, type Redis } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import { eventRecord, type EventTopic } from '../events.ts';

interface Deps {
  readonly redis: Pick<Redis, 'gateways' | 'inbox' | 'presence' | 'routes'>;
  readonly producer: RecordProducer;
  readonly events: EventTopic;
  /** Sender of the pushes. */
  readonly incarnation: string;
  readonly clock: Clock;
}

/** Clears what dead gateways left and tells who went with them: members by a push, other services by an event. */
export function sweep(deps: Deps): LeaseSweep {
  return new LeaseSweep({
    gateways: deps.redis.gateways,
    clock: deps.clock,
    tell: async (room, left) => {
      const at = deps.clock.now();
      const records = left.map((user) => eventRecord({ type: 'member.left', room, user, at }, deps.events));
      await Promise.all([deps.producer.appendAll(records), push(deps, room, left)]);
    },
  });
}

async function push({ incarnation, redis }: Deps, room: string, left: readonly string[]): Promise<void> {
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
