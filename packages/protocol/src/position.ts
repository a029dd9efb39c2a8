/**
 * Position of a message in the log of its room; also the message id.
 *
 * 20 characters of lower-case base 36, fixed width: 6 epoch, 3 partition, 11 offset. Positions of one
 * room with the same epoch order as strings; another epoch is another log. The empty string
 * ({@link BEGINNING}) stands for "before the first message" and sorts before every id.
 */
export type Position = string;

/** What a position is made of. */
export interface PositionParts {
  readonly epoch: string;
  readonly partition: number;
  readonly offset: number;
}

/** Before the first message: the head of an empty room, and what to send as `pos` to get everything. */
export const BEGINNING: Position = '';

/** `p` of a push when the platform no longer knows the id of the room's previous message. */
export const UNKNOWN_PREVIOUS = '?';

const EPOCH_WIDTH = 6;
const PARTITION_WIDTH = 3;
const OFFSET_WIDTH = 11;
const OFFSET_START = EPOCH_WIDTH + PARTITION_WIDTH;
/** Characters of a position. */
export const POSITION_WIDTH = OFFSET_START + OFFSET_WIDTH;

const MAX_PARTITION = 36 ** PARTITION_WIDTH - 1;
const POSITION_PATTERN = /^[0-9a-z]{20}$/;
const EPOCH_PATTERN = /^[0-9a-z]{6}$/;

/** True when `value` is six characters of lower-case base 36. */
export function isEpoch(value: string): boolean {
  return EPOCH_PATTERN.test(value);
}

/**
 * Writes a position.
 *
 * @throws RangeError when a part does not fit its field: a wrong id must never reach a client.
 */
export function formatPosition(epoch: string, partition: number, offset: number): Position {
  if (!isEpoch(epoch)) throw new RangeError(`epoch "${epoch}" is not 6 characters of lower-case base 36`);
  if (!Number.isSafeInteger(partition) || partition < 0 || partition > MAX_PARTITION) {
    throw new RangeError(`partition ${partition} is not an integer from 0 to ${MAX_PARTITION}`);
  }
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError(`offset ${offset} is not a safe integer from 0`);
  }
  const partitionText = partition.toString(36).padStart(PARTITION_WIDTH, '0');
  return epoch + partitionText + offset.toString(36).padStart(OFFSET_WIDTH, '0');
}

/**
 * The position before everything at or behind `offset`: that of a room in which nothing from there on was written.
 * No message need be there; {@link BEGINNING} for 0.
 */
export function beginningAt(epoch: string, partition: number, offset: number): Position {
  return offset > 0 ? formatPosition(epoch, partition, offset - 1) : BEGINNING;
}

/** Reads a position; `undefined` when `position` is not one ({@link BEGINNING} has no parts either). */
export function parsePosition(position: string): PositionParts | undefined {
  if (!POSITION_PATTERN.test(position)) return undefined;
  const offset = Number.parseInt(position.slice(OFFSET_START), 36);
  if (!Number.isSafeInteger(offset)) return undefined;
  return {
    epoch: position.slice(0, EPOCH_WIDTH),
    partition: Number.parseInt(position.slice(EPOCH_WIDTH, OFFSET_START), 36),
    offset,
  };
}

/** True for a message id (not for {@link BEGINNING}). */
export function isMessageId(value: string): boolean {
  return parsePosition(value) !== undefined;
}

/** True for what a client may send as `pos` or `from`: a message id or {@link BEGINNING}. */
export function isPosition(value: string): boolean {
  return value === BEGINNING || isMessageId(value);
}

/** True when both positions belong to the same log, so that they may be compared. {@link BEGINNING} belongs to every log. */
export function sameLog(a: Position, b: Position): boolean {
  return a === BEGINNING || b === BEGINNING || a.slice(0, EPOCH_WIDTH) === b.slice(0, EPOCH_WIDTH);
}

/** The position one offset further: the `before` that includes `position` itself. `undefined` for {@link BEGINNING}. */
export function successor(position: Position): Position | undefined {
  const parts = parsePosition(position);
  return parts && formatPosition(parts.epoch, parts.partition, parts.offset + 1);
}
