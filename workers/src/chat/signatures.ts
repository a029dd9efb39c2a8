import type { InRecord, SignatureVerdict, SignedRecord } from '@chatplatform/kafka';
import type { Poison } from '../pipeline/dead-letters.ts';

/** Whose records are believed. */
export interface SignatureDeps {
  readonly verify: (record: SignedRecord) => SignatureVerdict;
  /** Looks whether there are new keys. */
  readonly renew: () => Promise<void>;
  /** Whether a record without a signature is refused. */
  readonly required: boolean;
}

const FAULTS: Readonly<Record<Exclude<SignatureVerdict, 'good'>, string>> = {
  missing: 'the record has no signature; sign it with the active key of the platform',
  'unknown-key':
    'the record is signed with a key that is not among the platform’s; add it, then replay this letter',
  wrong: 'the signature does not fit the record; it was changed on the way, or signed with another key',
};

/** Tells records of the platform from those that somebody else wrote to its log. */
export class Signatures {
  readonly #deps: SignatureDeps;

  constructor(deps: SignatureDeps) {
    this.#deps = deps;
  }

  /** What is not to be believed, by record. Keys that came a moment ago are known: the file is looked at before a key is unknown. */
  async judge(records: readonly InRecord[]): Promise<ReadonlyMap<InRecord, Poison>> {
    const { renew, verify } = this.#deps;
    const first = records.map((record) => verify(record));
    if (!first.includes('unknown-key')) return this.#faultsOf(records, first);
    await renew();
    return this.#faultsOf(
      records,
      records.map((record) => verify(record)),
    );
  }

  #faultsOf(records: readonly InRecord[], verdicts: readonly SignatureVerdict[]): Map<InRecord, Poison> {
    const faults = new Map<InRecord, Poison>();
    records.forEach((record, at) => {
      const verdict = verdicts[at] ?? 'good';
      if (verdict === 'good' || (verdict === 'missing' && !this.#deps.required)) return;
      faults.set(record, { record, cause: 'signature', message: FAULTS[verdict], attempts: 1 });
    });
    return faults;
  }
}
