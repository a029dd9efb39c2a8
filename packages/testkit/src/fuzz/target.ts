import type { Random } from '@chatplatform/runtime';

/** Something that reads what strangers send. Inputs are JSON values, so that they can be kept in text files. */
export interface FuzzTarget<Input> {
  readonly name: string;
  /** A new input with the structure that the reader expects, wrong in places. */
  generate(random: Random): Input;
  /** A neighbour of an input. */
  mutate(input: Input, random: Random): Input;
  /** Smaller inputs to try instead of this one, best first. */
  shrink(input: Input): Input[];
  /**
   * Feeds the reader and checks what it promises. Throws when a promise is broken.
   *
   * @returns which way the reader went: inputs that go a new way are kept and mutated
   */
  check(input: Input): string;
}

/** A promise of a reader that does not hold. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** @throws BrokenPromise unless `condition` holds */
export function promise(condition: boolean, text: string): void {
  if (!condition) throw new BrokenPromise(text);
}
