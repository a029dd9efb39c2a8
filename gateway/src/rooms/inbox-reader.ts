import { fromJson, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import type { InboxGap, InboxItem, InboxSender, Revocation } from '@chatplatform/redis';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { CastItem } from './cast-item.ts';
import type { LocalRooms } from './local-rooms.ts';
import type { RoomCast } from './room-cast.ts';

/** What reading the inbox needs. */
export interface InboxReaderOptions {
  /** Of this gateway: what it sends to all gateways comes back to it. */
  incarnation: string;
  rooms: LocalRooms;
  cast: Pick<RoomCast, 'arrived'>;
  metrics: GatewayMetrics;
  /** Sends a line to one session, if it is here. */
  toSession: (sid: string, line: string) => void;
  takenOver: (sid: string, generation: number) => void;
  /** Another gateway was told of revocations. */
  revoked: (entries: readonly Revocation[]) => void;
  /** Watermarks that rose on another gateway. */
  receipts: (room: string, frame: string) => void;
  onGap: (gap: InboxGap) => void;
  /** Whether an id belongs to the log of this gateway; ids of another one compare with nothing. */
  isOfLog: (id: string) => boolean;
}

/** Gives every item of the inbox to where it belongs. Unknown rooms are normal: routes outlive the last member. */
export class InboxReader {
  readonly #options: InboxReaderOptions;

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  onItems(items: readonly InboxItem[], { publisher, hot }: Pick<InboxSender, 'publisher' | 'hot'>): void {
    if (publisher === this.#options.incarnation) return;
    for (const item of items) this.#item(item, hot);
  }

  onGap(gap: InboxGap): void {
    this.#options.metrics.inboxGaps.inc({ reason: gap.reason });
    this.#options.onGap(gap);
  }

  #item(item: InboxItem, hot: boolean): void {
    switch (item.class) {
      case 'm':
      case 'v':
        this.#message(item);
        return;
      case 'rj':
        if (item.sid !== undefined) this.#options.toSession(item.sid, item.frame);
        return;
      case 'ctl':
        this.#control(item.frame);
        return;
      case 'pr':
      case 'ty':
      case 'rc':
        this.#ephemeral(item.class, item, hot);
    }
  }

  #message({ room, id, p = UNKNOWN_PREVIOUS, frame }: InboxItem): void {
    const local = room === undefined ? undefined : this.#options.rooms.get(room);
    if (local === undefined || id === undefined || !this.#options.isOfLog(id)) return;
    local.accept({ id, p, frame });
  }

  /** What is hot goes to every gateway, most of which have no members of the room. */
  #ephemeral(cls: CastItem['class'], { room, frame }: InboxItem, hot: boolean): void {
    const { rooms, cast, receipts } = this.#options;
    if (room === undefined || rooms.get(room) === undefined) return;
    if (cls === 'rc') receipts(room, frame);
    else cast.arrived({ class: cls, room, frame }, hot);
  }

  #control(frame: string): void {
    const command = fromJson(frame) as Command | undefined;
    const { sid, generation } = command?.takeover ?? {};
    if (typeof sid === 'string' && typeof generation === 'number') this.#options.takenOver(sid, generation);
    if (Array.isArray(command?.revoked)) this.#options.revoked(command.revoked.filter(isRevocation));
  }
}

/** What gateways tell each other; read as carefully as everything that comes from outside. */
interface Command {
  takeover?: { sid?: unknown; generation?: unknown };
  revoked?: unknown;
}

function isRevocation(entry: unknown): entry is Revocation {
  const { member, until } = (entry ?? {}) as { member?: unknown; until?: unknown };
  return typeof member === 'string' && typeof until === 'number';
}
