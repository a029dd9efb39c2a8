import { nowUs } from './payload.ts';

/** How a crowd moved from one gateway to another. */
export interface MoveReport {
  /** Clients that moved at least once. */
  readonly clients: number;
  /** Moves of the one that moved most; 1 = each once. */
  readonly most: number;
  /** Moves in the busiest second. */
  readonly peakPerSecond: number;
  /** Seconds from when moves were expected until half, and all, of these clients had moved. */
  readonly halfSeconds: number;
  readonly allSeconds: number;
}

const SECOND_US = 1_000_000;

/** Counts moves. */
export class Moves {
  readonly #perClient = new Map<number, number>();
  /** When each move was done, µs; rising. */
  #at: number[] = [];
  /** When each client had moved for the first time. */
  #first: number[] = [];
  #beganUs = nowUs();

  get clients(): number {
    return this.#perClient.size;
  }

  begin(): void {
    this.#perClient.clear();
    this.#at = [];
    this.#first = [];
    this.#beganUs = nowUs();
  }

  /** `client` is in again. @param atUs now */
  add(client: number, atUs = nowUs()): void {
    const before = this.#perClient.get(client) ?? 0;
    this.#perClient.set(client, before + 1);
    this.#at.push(atUs);
    if (before === 0) this.#first.push(atUs);
  }

  report(): MoveReport {
    const since = (us: number | undefined): number =>
      us === undefined ? 0 : (us - this.#beganUs) / SECOND_US;
    return {
      clients: this.clients,
      most: Math.max(0, ...new Set(this.#perClient.values())),
      peakPerSecond: busiestSecond(this.#at),
      halfSeconds: since(this.#first[Math.floor(this.#first.length / 2)]),
      allSeconds: since(this.#first.at(-1)),
    };
  }
}

/** Most of the rising moments (µs) that lie within any one second. */
function busiestSecond(at: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [index, moment] of at.entries()) {
    while (moment - (at[from] as number) >= SECOND_US) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
