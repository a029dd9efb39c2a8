import type { PushBodies } from '../gateway-frames.ts';

/** One row of the table of pushes. */
export interface PushRow {
  readonly summary: string;
  /** Class of a join that brings it; `-` = whoever is connected. */
  readonly cls: string;
}

/** The pushes in the order of the page. */
export const PushRows: Readonly<Record<keyof PushBodies, PushRow>> = {
  m: { summary: 'A message. The sender gets its own, too.', cls: 'msg' },
  v: {
    summary:
      'The value of a key, in a latest-value room. Only the newest per key is owed; drop one whose id is not above the known one.',
    cls: 'msg',
  },
  pr: {
    summary: 'Who came and who left, gathered over 1 s. Above 200 users only `occ`.',
    cls: 'presence',
  },
  rj: {
    summary:
      'To the sender alone: this message was logged and then refused (by a rule, or as a bad record). Nobody else sees it.',
    cls: '-',
  },
  rc: { summary: 'Watermarks of delivery and reading, by user, gathered over 1 s.', cls: 'receipt' },
  ty: { summary: 'A user types; also the own user is told. Forget it after 5 s.', cls: 'typing' },
  drain: { summary: 'Move to another gateway within the window.', cls: '-' },
  degraded: { summary: 'What does not work now; an empty list = everything works again.', cls: '-' },
  bye: { summary: 'Comes before a close frame whenever the socket can still take it.', cls: '-' },
};
