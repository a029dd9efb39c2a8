import { decodeInboxLine } from './inbox-line.ts';
import type { InboxItem, InboxLine } from './inbox.ts';

/** First line of a payload. */
export interface PayloadHeader {
  /** Incarnation of the publisher. */
  readonly w: string;
  /** Number of this payload, from 1; of the last one in a heartbeat or sign-off; absent in an ephemeral one. */
  readonly n?: number;
  readonly e?: 1;
  readonly hb?: 1;
  readonly bye?: 1;
}

export function encodePayload(header: PayloadHeader, lines: readonly InboxLine[] = []): string {
  const first = JSON.stringify(header);
  return lines.length === 0 ? first : `${first}\n${lines.join('\n')}`;
}

/** Reads a payload; `undefined` when its header is none (nothing of ours). Lines of unknown classes are left out. */
export function decodePayload(payload: string): { header: PayloadHeader; items: InboxItem[] } | undefined {
  const end = payload.indexOf('\n');
  const header = parseHeader(end < 0 ? payload : payload.slice(0, end));
  if (!header) return undefined;
  const items: InboxItem[] = [];
  if (end >= 0) {
    for (const line of payload.slice(end + 1).split('\n')) {
      const item = decodeInboxLine(line);
      if (item) items.push(item);
    }
  }
  return { header, items };
}

function parseHeader(text: string): PayloadHeader | undefined {
  try {
    const header = JSON.parse(text) as PayloadHeader;
    return typeof header.w === 'string' && (header.e === 1 || Number.isSafeInteger(header.n))
      ? header
      : undefined;
  } catch {
    return undefined;
  }
}
