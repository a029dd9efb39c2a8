import { seededRandom } from '@chatplatform/runtime';
import { chance, oneOf } from './noise.ts';
import type { FuzzTarget } from './target.ts';

/** How to fuzz. */
export interface FuzzOptions<Input> {
  readonly inputs: number;
  readonly seed: number;
  /** Inputs of earlier runs: checked first, then mutated. */
  readonly corpus: readonly Input[];
  /** Called about every second. */
  readonly onProgress?: (progress: FuzzProgress) => void;
}

/** How far a run is. */
export interface FuzzProgress {
  readonly inputs: number;
  /** Ways the reader went. */
  readonly ways: number;
  readonly seconds: number;
  /** Longest time of one input, ms. */
  readonly slowestMs: number;
}

/** An input that broke a promise, made smaller. */
export interface FuzzCrash<Input> {
  readonly input: Input;
  readonly error: Error;
}

/** What a run found. */
export interface FuzzResult<Input> extends FuzzProgress {
  /** One input per way, the first that went it. */
  readonly corpus: readonly Input[];
  readonly crash: FuzzCrash<Input> | undefined;
}

/** An input of at most 64 KiB that takes this long is a hang: somebody could stop a gateway with some of them. */
const HANG_MS = 1000;
/** Mutants grow; a frame over 64 KiB is refused before it is parsed. */
const MAX_INPUT = 65_536;
/** Inputs between looks at the clock. */
const STRIDE = 1024;
/** Ways beyond this are variations of texts. */
const MAX_WAYS = 400;

/**
 * Feeds a reader with inputs made from a seed: new ones of the right structure, and neighbours of those that went a way
 * of their own. Stops at the first broken promise. The same seed and corpus give the same inputs.
 */
export function fuzz<Input>(target: FuzzTarget<Input>, options: FuzzOptions<Input>): FuzzResult<Input> {
  return new Campaign(target, options).run();
}

class Campaign<Input> {
  readonly #target: FuzzTarget<Input>;
  readonly #options: FuzzOptions<Input>;
  readonly #kept = new Map<string, Input>();
  readonly #pool: Input[] = [];
  #count = 0;
  #slowestMs = 0;
  readonly #begun = performance.now();
  #told = this.#begun;

  constructor(target: FuzzTarget<Input>, options: FuzzOptions<Input>) {
    this.#target = target;
    this.#options = options;
  }

  run(): FuzzResult<Input> {
    const { corpus, inputs, seed } = this.#options;
    const random = seededRandom(seed);
    let input: Input | undefined;
    try {
      for (input of corpus) this.#feed(input);
      while (this.#count < inputs) {
        const parent = this.#pool.length > 0 && chance(random, 0.75) ? oneOf(random, this.#pool) : undefined;
        input = parent === undefined ? this.#target.generate(random) : this.#target.mutate(parent, random);
        this.#feed(input);
      }
      return this.#result(undefined);
    } catch (error) {
      const crash = {
        input: input as Input,
        error: error instanceof Error ? error : new Error(String(error)),
      };
      return this.#result(this.#smaller(crash));
    }
  }

  #feed(input: Input): void {
    const before = performance.now();
    const way = this.#target.check(input);
    const took = performance.now() - before;
    this.#count += 1;
    if (took > this.#slowestMs) this.#slow(input, took);
    this.#keep(way, input);
    if (this.#count % STRIDE === 0) this.#tell();
  }

  /** A busy machine takes the processor away now and then, but not twice for the same input. */
  #slow(input: Input, first: number): void {
    const before = performance.now();
    this.#target.check(input);
    const took = Math.min(first, performance.now() - before);
    if (took > HANG_MS) throw new Error(`an input took ${Math.round(took)} ms`);
    this.#slowestMs = Math.max(this.#slowestMs, took);
  }

  #keep(way: string, input: Input): void {
    if (this.#kept.has(way) || this.#kept.size >= MAX_WAYS) return;
    if (JSON.stringify(input).length > MAX_INPUT) return;
    this.#kept.set(way, input);
    this.#pool.push(input);
  }

  #tell(): void {
    const now = performance.now();
    if (now - this.#told < 1000) return;
    this.#told = now;
    this.#options.onProgress?.(this.#progress());
  }

  #progress(): FuzzProgress {
    const seconds = Math.round((performance.now() - this.#begun) / 100) / 10;
    return {
      inputs: this.#count,
      ways: this.#kept.size,
      seconds,
      slowestMs: Math.round(this.#slowestMs * 10) / 10,
    };
  }

  #result(crash: FuzzCrash<Input> | undefined): FuzzResult<Input> {
    return { ...this.#progress(), corpus: [...this.#pool], crash };
  }

  /** The smallest neighbour found that still breaks the same promise. */
  #smaller(crash: FuzzCrash<Input>): FuzzCrash<Input> {
    let best = crash;
    for (let better: FuzzCrash<Input> | undefined = crash; better !== undefined; ) {
      best = better;
      better = this.#oneSmaller(best);
    }
    return best;
  }

  #oneSmaller({ input, error }: FuzzCrash<Input>): FuzzCrash<Input> | undefined {
    for (const candidate of this.#target.shrink(input)) {
      try {
        this.#target.check(candidate);
      } catch (found) {
        if (found instanceof Error && found.constructor === error.constructor)
          return { input: candidate, error: found };
      }
    }
    return undefined;
  }
}

/** Inputs as small as they get by leaving parts out, each still going the way it went. */
export function minimised<Input>(target: FuzzTarget<Input>, corpus: readonly Input[]): Input[] {
  return corpus.map((input) => {
    const way = target.check(input);
    let best = input;
    for (let better: Input | undefined = input; better !== undefined; ) {
      best = better;
      better = target.shrink(best).find((candidate) => target.check(candidate) === way);
    }
    return best;
  });
}
