/** A client's own id of a publish, taken apart. */
export interface ClientMessageId {
  /** Random id of the client instance. */
  readonly inst: string;
  /** Number of the publish in its room, from 1, rising by 1. */
  readonly n: number;
  /** As written: `<inst>.<n>`. */
  readonly text: string;
}

const INSTANCE_PATTERN = /^[A-Za-z0-9_-]{16,32}$/;
const CID_PATTERN = /^([A-Za-z0-9_-]{16,32})\.([1-9][0-9]{0,15})$/;

/** True for an instance id: 16-32 characters of `[A-Za-z0-9_-]`. */
export function isInstanceId(value: string): boolean {
  return INSTANCE_PATTERN.test(value);
}

/** Writes a client message id. */
export function formatCid(inst: string, n: number): string {
  return `${inst}.${n}`;
}

/** Reads a client message id; `undefined` when it is not `<inst>.<n>` with n a safe integer from 1. */
export function parseCid(text: string): ClientMessageId | undefined {
  const match = CID_PATTERN.exec(text);
  if (!match) return undefined;
  const n = Number(match[2]);
  return Number.isSafeInteger(n) ? { inst: match[1]!, n, text } : undefined;
}

/**
 * Who a publish is de-duplicated for. Everyone in a room sees the instance ids of the others, so the
 * watermark belongs to user and instance: a stranger's publish under a borrowed instance id must not
 * make later messages of its owner look like duplicates.
 */
export function senderKey(user: string, inst: string): string {
  return `${user}/${inst}`;
}
