/** One header of a record of `<p>.messages`. */
export interface RecordHeaderRow {
  readonly value: string;
  readonly needed: boolean;
  readonly meaning: string;
}

/** The headers of a record of `<p>.messages`; values are UTF-8 text. */
export const RecordHeaderRows: Readonly<Record<string, RecordHeaderRow>> = {
  v: { value: '`1`', needed: true, meaning: 'Version of this format.' },
  cid: {
    value: '`<inst>.<n>`',
    needed: true,
    meaning:
      'What duplicates are recognised by. `inst`: 16-32 characters of `[A-Za-z0-9_-]`, one per producer and life of its counters. `n`: integer from 1 without leading zeros, rising by 1 per room.',
  },
  u: {
    value: 'user id',
    needed: true,
    meaning:
      'The sender: 1-127 characters of `[A-Za-z0-9_.-]`. Whoever may write the topic may speak as anybody.',
  },
  gw: { value: 'text', needed: false, meaning: 'Gateway that wrote it. Leave it out.' },
  sid: { value: 'text', needed: false, meaning: 'Session of the sender, for `rj`. Leave it out.' },
  tp: { value: 'W3C traceparent', needed: false, meaning: 'Trace the message belongs to.' },
  re: {
    value: 'integer',
    needed: false,
    meaning:
      'On a record that may be in the log already: milliseconds since it was sent first. Without it a copy has to follow within 60 s.',
  },
  origin: {
    value: '`<partition>-<offset>`',
    needed: false,
    meaning:
      'On a record that repeats a dead letter: it is delivered although later ones of its sender are there. Leave it out.',
  },
  sig: {
    value: '`<key id>.<base64url>`',
    needed: false,
    meaning:
      'Signature, where the platform demands one (`spec.security.messageSigning: Enabled`): [how it is made](../signatures.md).',
  },
};
