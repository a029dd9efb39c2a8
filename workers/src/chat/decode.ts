import type { InRecord } from '@chatplatform/kafka';
import type { Poison } from '../pipeline/dead-letters.ts';
import { decodeMessage, isPoison, type ChatMessage, type DecodeContext } from './chat-message.ts';
import { applyRules, type Refused, type Rule } from './rules.ts';
import type { Signatures } from './signatures.ts';

/** What decides whether a record of the log is a message that members get. */
export interface Admission {
  readonly context: DecodeContext;
  readonly rules: readonly Rule[];
  /** Absent where records are not signed. */
  readonly signatures?: Signatures | undefined;
}

/** What became of records. */
export interface Admitted {
  readonly passed: readonly ChatMessage[];
  readonly refused: readonly Refused[];
  readonly poison: readonly Poison[];
}

/** Messages of records whose signature is right, in order, and what is none. */
export async function decodeAll(
  records: readonly InRecord[],
  { context, signatures }: Admission,
): Promise<{ messages: ChatMessage[]; poison: Poison[] }> {
  const forged = await signatures?.judge(records);
  const messages: ChatMessage[] = [];
  const poison: Poison[] = [];
  for (const record of records) {
    const decoded = forged?.get(record) ?? decodeMessage(record, context);
    if (isPoison(decoded)) poison.push(decoded);
    else messages.push(decoded);
  }
  return { messages, poison };
}

/** Signatures, decoding and rules. Deterministic: whoever reads the records again comes to the same. */
export async function admit(records: readonly InRecord[], admission: Admission): Promise<Admitted> {
  const { messages, poison } = await decodeAll(records, admission);
  const ruled = await applyRules(admission.rules, messages);
  return { ...ruled, poison: [...poison, ...ruled.poison] };
}
