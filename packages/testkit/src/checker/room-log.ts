import type { Position } from '@chatplatform/protocol';
import type { Acked, HistoryEvent, Received, Sent } from './history.ts';

/** One sent message and what is known of it. */
export interface Message {
  readonly tag: string;
  readonly sender: string;
  readonly sentAt: number;
  /** Rank among the sender's messages to this room. */
  readonly rank: number;
  ack?: { readonly event: Acked; readonly index: number };
  /** The id it was seen under first, by an ack or a member. */
  id?: Position;
  /** How many members got it. */
  deliveries: number;
}

/** A time in which a client was owed a room. */
export interface Stay {
  readonly client: string;
  readonly from: number;
  readonly head?: Position | undefined;
  /** Index at which it ended; undefined = it stayed to the end. */
  to?: number;
  readonly received: { readonly event: Received; readonly index: number }[];
}

/** Everything the history says about one room. */
export interface RoomLog {
  readonly room: string;
  readonly messages: Map<string, Message>;
  /** Every stay of every client, in order. */
  readonly stays: Stay[];
  readonly received: { readonly event: Received; readonly index: number }[];
}

/** Sorts a history by room, and each room into messages and stays. */
export function roomLogs(history: readonly HistoryEvent[]): RoomLog[] {
  const logs = new Map<
    string,
    RoomLog & { readonly open: Map<string, Stay>; readonly ranks: Map<string, number> }
  >();
  history.forEach((event, index) => {
    let log = logs.get(event.room);
    if (log === undefined) {
      log = {
        room: event.room,
        messages: new Map(),
        stays: [],
        received: [],
        open: new Map(),
        ranks: new Map(),
      };
      logs.set(event.room, log);
    }
    switch (event.kind) {
      case 'sent': {
        const rank = (log.ranks.get(event.client) ?? 0) + 1;
        log.ranks.set(event.client, rank);
        log.messages.set(event.tag, newMessage(event, index, rank));
        break;
      }
      case 'acked': {
        const message = log.messages.get(event.tag);
        if (message !== undefined) {
          message.ack ??= { event, index };
          if (event.id !== undefined) message.id ??= event.id;
        }
        break;
      }
      case 'received': {
        log.received.push({ event, index });
        log.open.get(event.client)?.received.push({ event, index });
        const message = log.messages.get(event.tag);
        if (message !== undefined) {
          message.deliveries += 1;
          message.id ??= event.id;
        }
        break;
      }
      case 'joined':
      case 'continuity-lost': {
        endStay(log.open, event.client, index);
        const head = event.kind === 'joined' ? event.head : undefined;
        const stay: Stay = { client: event.client, from: index, head, received: [] };
        log.open.set(event.client, stay);
        log.stays.push(stay);
        break;
      }
      case 'left':
        endStay(log.open, event.client, index);
        break;
      case 'failed':
        break;
    }
  });
  return [...logs.values()];
}

function newMessage(event: Sent, index: number, rank: number): Message {
  return { tag: event.tag, sender: event.client, sentAt: index, rank, deliveries: 0 };
}

function endStay(open: Map<string, Stay>, client: string, index: number): void {
  const stay = open.get(client);
  if (stay !== undefined) stay.to = index;
  open.delete(client);
}
