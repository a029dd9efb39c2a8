import { fromJson, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import type { InboxGap, InboxItem, Revocation } from '@chatplatform/redis';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { FanOut } from './fan-out.ts';
import type { LocalRooms } from './local-rooms.ts';
import type { RoomClass } from '@chatplatform/protocol';
import { topicOf } from './topics.ts';

/** What reading the inbox needs. */
export interface InboxReaderOptions {
  rooms: LocalRooms;
  fanOut: FanOut;
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

const EPHEMERAL: Partial<Record<InboxItem['class'], RoomClass>> = {
  pr: 'presence',
  ty: 'typing',
};

/** Gives every item of the inbox to where it belongs. Unknown rooms are normal: routes outlive the last member. */
export class InboxReader {
  readonly #options: InboxReaderOptions;

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  onItems(items: readonly InboxItem[]): void {
    for (const item of items) this.#item(item);
  }

  onGap(gap: InboxGap): void {
    this.#options.metrics.inboxGaps.inc({ reason: gap.reason });
    this.#options.onGap(gap);
  }

  #item(item: InboxItem): void {
    switch (item.class) {
      case 'm':
      case 'v':
        this.#message(item);
        return;
      case 'rj':
        if (item.sid !== undefined) this.#options.toSession(item.sid, item.frame);
        return;
      case 'rc':
        if (item.room !== undefined) this.#options.receipts(item.room, item.frame);
        return;
      case 'ctl':
        this.#control(item.frame);
        return;
      default:
        this.#ephemeral(item);
    }
  }

  #message({ room, id, p = UNKNOWN_PREVIOUS, frame }: InboxItem): void {
    const local = room === undefined ? undefined : this.#options.rooms.get(room);
    if (local === undefined || id === undefined || !this.#options.isOfLog(id)) return;
    local.accept({ id, p, frame });
  }

  #ephemeral({ class: cls, room, frame }: InboxItem): void {
    const topic = EPHEMERAL[cls];
    if (topic !== undefined && room !== undefined) this.#options.fanOut.add(topicOf(topic, room), frame);
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
