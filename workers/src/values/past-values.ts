import type { InRecord } from '@chatplatform/kafka';
import { earliestCopyOf } from '@chatplatform/protocol';
import type { ChatMessage } from '../chat/chat-message.ts';
import { admit, type Admission } from '../chat/decode.ts';
import { SenderNumbers } from './sender-numbers.ts';

/** What the latest-value rooms of a partition were given, told from its log page by page. */
export class PastValues {
  readonly #admission: Admission;
  readonly #numbers = new SenderNumbers();
  /** Whether the log has lost its beginning by age, and with it the first of what may be copies now. */
  readonly #isCut: boolean;
  #since: number | undefined;
  #begin: number;

  /** @param begin first offset of the log */
  constructor(admission: Admission, begin: number) {
    this.#admission = admission;
    this.#isCut = begin > 0;
    this.#begin = begin;
  }

  /** From this offset on everything counts that the pages so far have. */
  get begin(): number {
    return this.#begin;
  }

  /** The newest message of each key among the records that follow those of the call before; ascending by offset. */
  async of(page: readonly InRecord[]): Promise<ChatMessage[]> {
    this.#since ??= page[0]?.timestamp;
    const { context } = this.#admission;
    const wanted = page.filter(({ key }) => key !== null && context.optionsOf(key).kind === 'latest');
    const { passed } = await admit(wanted, this.#admission);
    const newest = new Map<string, ChatMessage>();
    for (const message of passed) {
      if (this.#counts(message)) newest.set(`${message.room} ${message.k}`, message);
    }
    return [...newest.values()].sort((a, b) => a.offset - b.offset);
  }

  #counts(message: ChatMessage): boolean {
    if (this.#numbers.isCopy(message)) return false;
    const isSure = !this.#isCut || earliestCopyOf(message) >= (this.#since ?? 0);
    // What may be a copy of something that has left the log must not take the place of what was set after that.
    if (!isSure) this.#begin = message.offset + 1;
    return isSure;
  }
}
