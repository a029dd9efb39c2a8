import { bisect, type Judged } from '../pipeline/bisect.ts';
import type { Poison } from '../pipeline/dead-letters.ts';
import type { ChatMessage } from './chat-message.ts';

/** Why a rule refuses a message; goes to the sender alone. */
export interface Refusal {
  /** One of the protocol's error codes. */
  readonly code: number;
  readonly msg: string;
}

/**
 * A rule every message has to pass before anybody sees it (moderation, membership). Judges a whole batch
 * at once and must be deterministic: a record read again must get the same verdict. An error it throws is
 * taken as a fault of the record, unless it has `retryable: true`.
 */
export interface Rule {
  readonly name: string;
  /** One entry per message, in order; `undefined` lets it pass. */
  judge(
    messages: readonly ChatMessage[],
  ): Promise<readonly (Refusal | undefined)[]> | readonly (Refusal | undefined)[];
}

export interface Refused {
  readonly message: ChatMessage;
  readonly refusal: Refusal;
}

/** What the rules left. */
export interface Ruled {
  readonly passed: readonly ChatMessage[];
  readonly refused: readonly Refused[];
  readonly poison: readonly Poison[];
}

/** Applies rules one after the other; a refused or poisonous message is not seen by the next rule. */
export async function applyRules(rules: readonly Rule[], messages: readonly ChatMessage[]): Promise<Ruled> {
  let passed = messages;
  const refused: Refused[] = [];
  const poison: Poison[] = [];
  for (const rule of rules) {
    const verdicts = await bisect(passed, (batch) => rule.judge(batch));
    const next: ChatMessage[] = [];
    passed.forEach((message, index) => {
      const verdict = verdicts[index] as Judged<Refusal | undefined>;
      if (!verdict.ok) poison.push(poisonOf(rule, message, verdict));
      else if (verdict.value === undefined) next.push(message);
      else refused.push({ message, refusal: verdict.value });
    });
    passed = next;
  }
  return { passed, refused, poison };
}

function poisonOf(
  rule: Rule,
  { record }: ChatMessage,
  { error, attempts }: { error: unknown; attempts: number },
): Poison {
  const text = error instanceof Error ? error.message : String(error);
  return { record, cause: `rule:${rule.name}`, message: text, attempts };
}
