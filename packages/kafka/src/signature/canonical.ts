/** A record as far as a signature covers it. */
export interface SignedRecord {
  readonly key: string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Headers a signature covers, in this order. Others may be added on the way, by tracing for instance. */
const COVERED = ['v', 'cid', 'u', 'gw', 'sid', 'tp', 're', 'origin'] as const;

/**
 * What is signed: key, value and the covered headers, each as `<bytes>:<content>,` and `-,` when it is absent. The
 * lengths make it impossible to move characters from one field into the next.
 */
export function canonicalText(record: SignedRecord): Buffer {
  const fields = [record.key, record.value, ...COVERED.map((name) => record.headers[name])];
  return Buffer.concat(fields.flatMap(piece));
}

const ABSENT = Buffer.from('-,');
const END = Buffer.from(',');

function piece(field: Uint8Array | string | null | undefined): Uint8Array[] {
  if (field === null || field === undefined) return [ABSENT];
  const content = typeof field === 'string' ? Buffer.from(field) : field;
  return [Buffer.from(`${content.length}:`), content, END];
}
