import type { Operation } from '../client-frames.ts';
import type { ErrorCode } from '../errors.ts';

/** One row of the table of operations: what the schemas cannot say. */
export interface OperationRow {
  readonly summary: string;
  /** What the token must grant on the room; `-` where no right is asked. */
  readonly right: string;
  /** Errors of this operation, beside those any request may get ({@link AnyRequestErrors}). */
  readonly errors: readonly ErrorCode[];
}

/** Errors that every request may get: a defect, a line that is no operation, a wrong field, the rate. */
export const AnyRequestErrors: readonly ErrorCode[] = [100, 104, 107, 111];

/** The operations in the order of the page. */
export const OperationRows: Readonly<Record<Operation, OperationRow>> = {
  hello: {
    summary:
      'Begins: proves who the client is, keeps its session, and joins its rooms in the same round trip.',
    right: '-',
    errors: [101, 109],
  },
  refresh: {
    summary: 'Replaces the token before it ends. Same user, or the socket closes with 3500.',
    right: '-',
    errors: [101, 109],
  },
  join: {
    summary: 'Becomes a member of a room and catches up.',
    right: 'join',
    errors: [103, 105, 106, 114],
  },
  leave: { summary: 'Ends a membership; the others see it at once.', right: '-', errors: [102] },
  pub: {
    summary: 'Publishes into a room, joined or not. The reply comes when the message is in the log.',
    right: 'publish',
    errors: [103, 114, 115, 116, 119],
  },
  sync: {
    summary: 'Reads what follows a position, in a room this connection has joined.',
    right: '-',
    errors: [102, 112, 114],
  },
  hist: { summary: 'Scrolls back from a position.', right: 'history', errors: [103, 112, 114] },
  ack: {
    summary:
      'Says what was delivered, in rooms this connection has joined. At most once per second; gets no reply.',
    right: '-',
    errors: [],
  },
  read: {
    summary: 'Says what was read, in rooms this connection has joined; stored, and told to the others.',
    right: '-',
    errors: [102, 104, 112, 114],
  },
  typing: {
    summary: 'Says that the user types. May be dropped, is never retried; gets no reply.',
    right: '-',
    errors: [],
  },
  who: { summary: 'Lists who is in a room, in pages.', right: 'presence', errors: [103, 104, 114] },
  set: { summary: 'Sets the own status that others see in `who`.', right: '-', errors: [114] },
};
