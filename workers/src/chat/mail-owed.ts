import { UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import type { ChatMessage } from './chat-message.ts';
import type { AppendedMessage } from './room-appender.ts';

/** A message that gateways get. */
export interface OwedMessage {
  readonly message: ChatMessage;
  /** Members who have everything up to there miss nothing before this one. */
  readonly p: string;
  readonly routes: readonly string[];
}

/**
 * What gateways are owed of a batch: every message, and of a latest-value room the newest value of each key. Where
 * values are left out, the next one of the room tells the `p` of the first of them, so that the chain holds.
 */
export function owed(appended: readonly AppendedMessage[]): OwedMessage[] {
  const newest = newestByKey(appended);
  const skipped = new Map<string, string>();
  const kept: OwedMessage[] = [];
  for (const { message, verdict, routes } of appended) {
    const { room, id, options } = message;
    if (options.kind !== 'latest') {
      kept.push({ message, p: verdict.p, routes });
      continue;
    }
    const p = verdict.p === UNKNOWN_PREVIOUS ? UNKNOWN_PREVIOUS : (skipped.get(room) ?? verdict.p);
    if (newest.get(slotOf(message)) === id) {
      skipped.delete(room);
      kept.push({ message, p, routes });
    } else {
      skipped.set(room, p);
    }
  }
  return kept;
}

function newestByKey(appended: readonly AppendedMessage[]): Map<string, string> {
  const newest = new Map<string, string>();
  for (const { message } of appended) {
    if (message.options.kind === 'latest') newest.set(slotOf(message), message.id);
  }
  return newest;
}

/** Names of rooms have no spaces. */
function slotOf({ room, k = '' }: ChatMessage): string {
  return `${room} ${k}`;
}
