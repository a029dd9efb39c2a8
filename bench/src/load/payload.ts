/** Stands at both ends of what a payload says about itself; no frame of any peer has it elsewhere. */
const MARK = 0x7e;
const ZERO = 0x30;
const NINE = 0x39;

/** Bytes of a payload: a chat message of a sentence or two. */
export const PAYLOAD_BYTES = 200;

/** A payload that says its number in its room and when it was due, µs of the monotonic clock. */
export function payloadOf(seq: number, dueUs: number): string {
  return `~${seq}~${Math.round(dueUs)}~`.padEnd(PAYLOAD_BYTES, 'x');
}

/** Monotonic µs; the same clock in every process of the machine. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Calls `found` for each payload in a frame, whatever is around it: one frame may hold many. */
export function scanPayloads(frame: Buffer, found: (seq: number, dueUs: number) => void): number {
  let count = 0;
  let at = frame.indexOf(MARK);
  while (at >= 0) {
    const seqEnd = frame.indexOf(MARK, at + 1);
    const dueEnd = frame.indexOf(MARK, seqEnd + 1);
    if (seqEnd < 0 || dueEnd < 0) return count;
    found(digits(frame, at + 1, seqEnd), digits(frame, seqEnd + 1, dueEnd));
    count += 1;
    at = frame.indexOf(MARK, dueEnd + 1);
  }
  return count;
}

function digits(frame: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const byte = frame[at] as number;
    if (byte < ZERO || byte > NINE) return Number.NaN;
    value = value * 10 + byte - ZERO;
  }
  return value;
}
