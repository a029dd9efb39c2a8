import { formatPosition, messageFrame, toJson, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import type { AppendMessage } from '../history/history.ts';
import type { LatestMessage } from '../latest/latest.ts';

/** The log of the suite. */
export const EPOCH = 'epoch1';
/** 2026-01-15, noon UTC: no day changes near. */
export const NOON = Date.UTC(2026, 0, 15, 12);

/** The id at an offset of partition 3. */
export function idAt(offset: number, epoch = EPOCH): string {
  return formatPosition(epoch, 3, offset);
}

/** A record as a worker would append it. */
export function message(
  room: string,
  offset: number,
  cid: [inst: string, n: number],
  o: { ts?: number; data?: unknown; epoch?: string } = {},
): AppendMessage {
  const [inst, n] = cid;
  const ts = o.ts ?? NOON + offset;
  const id = idAt(offset, o.epoch);
  const frame = messageFrame({
    room,
    id,
    p: UNKNOWN_PREVIOUS,
    user: 'ann',
    cid: `${inst}.${n}`,
    ts,
    data: toJson(o.data ?? { text: `"p":"?" at ${offset} — ü` }),
  });
  return { id, offset, inst, n, ts, frame };
}

/** A record of a latest-value room. */
export function value(
  offset: number,
  cid: [inst: string, n: number],
  k: string,
  data: unknown,
): LatestMessage {
  const id = idAt(offset);
  const frame = `{"v":{"k":${JSON.stringify(k)},"id":"${id}","d":${JSON.stringify(data)}}}`;
  return { id, offset, inst: cid[0], n: cid[1], ts: NOON + offset, k, frame, deleted: data === null };
}
