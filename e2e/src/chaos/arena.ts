import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Deferred, seededRandom } from '@chatplatform/runtime';
import { formatVerdict, runTraffic, type TrafficResult } from '@chatplatform/testkit';
import { ProcessPlatform } from '../harness/process-platform.ts';
import { Crowd } from './crowd.ts';
import { holds, sleep, type Fault } from './fault.ts';
import type { Outcome } from './results.ts';

/** Publishes per second of all clients together: what two cores carry beside everything else on this machine. */
const MAX_RATE = 150;
/** Members of a room are twice as many: each client is in two rooms. */
const CLIENTS_PER_ROOM = 10;
const TOKEN_SECONDS = 3600;
/** Clients that dial at a time, so that connecting them does not become a fault of its own. */
const DIAL_AT_ONCE = 200;
/** Ten thousand need about half a minute of two cores. */
const ALL_THERE_MS = 300_000;
const PROGRESS_MS = 5000;
/** Messages flow this long before the fault at least, and up to twice as long; and this long after it. */
const BEFORE_SECONDS = 1.5;
const AFTER_MS = 3000;
/** No fault takes longer: one that hangs ends the traffic. */
const MAX_SECONDS = 300;

/** What an arena is for. */
export interface ArenaOrder {
  /** Clients that talk. */
  readonly clients: number;
  readonly say: (text: string) => void;
  /** Cuts a round off. */
  readonly signal: AbortSignal;
}

/**
 * A platform with a crowd connected to it, on which a fault happens round after round. Each round has a seed, rooms,
 * messages and a verdict of its own; platform and connections are those of the round before, as in life.
 */
export class Arena {
  readonly #fault: Fault;
  readonly #order: ArenaOrder;
  readonly #platform: ProcessPlatform;
  readonly #crowd: Crowd;

  private constructor(fault: Fault, order: ArenaOrder, made: { platform: ProcessPlatform; crowd: Crowd }) {
    this.#fault = fault;
    this.#order = order;
    this.#platform = made.platform;
    this.#crowd = made.crowd;
  }

  /** Configuration, logs, and the histories of rounds that were not clean. */
  get folder(): string {
    return this.#platform.folder;
  }

  /** Starts a platform and connects everybody. @throws when that fails; nothing runs then */
  static async open(fault: Fault, order: ArenaOrder): Promise<Arena> {
    order.signal.throwIfAborted();
    const platform = await ProcessPlatform.start(fault.platform);
    let arena: Arena | undefined;
    try {
      const crowd = new Crowd({
        access: platform.access,
        urls: [platform.access.url],
        tokenSeconds: TOKEN_SECONDS,
        lateTokens: false,
        doubled: false,
        ...(await fault.hosts?.(platform)),
      });
      arena = new Arena(fault, order, { platform, crowd });
      await arena.#gather();
      return arena;
    } catch (error) {
      const keep = !order.signal.aborted;
      await (arena?.close(keep) ?? platform.close(keep));
      throw error;
    }
  }

  /**
   * One round: traffic before, during and after the fault, and the checker's verdict.
   *
   * @throws when it was cut off, or when the platform or its clients did not come to rest
   */
  async round(seed: number): Promise<Outcome> {
    const { say } = this.#order;
    const { result, trouble } = await this.#exchange(seed);
    say(formatVerdict(result.verdict, seed));
    const outcome = this.#outcome(seed, result, trouble);
    if (!outcome.clean)
      await writeFile(join(this.folder, `history-${seed}.json`), JSON.stringify(result.history));
    else await this.#rest();
    return outcome;
  }

  /** Ends everything; logs and histories stay when they are to be kept. */
  async close(keep: boolean): Promise<void> {
    await this.#crowd.close();
    this.#fault.afterwards?.(this.#platform);
    await this.#platform.close(keep);
    if (keep) this.#order.say(`logs and history are kept in ${this.folder}`);
  }

  /** Those that talk first: their numbers are those of the traffic's clients. */
  async #gather(): Promise<void> {
    const { clients, signal, say } = this.#order;
    const all = clients * (1 + (this.#fault.idlePerClient ?? 0));
    const began = performance.now();
    const connected = (): number => this.#crowd.size - this.#crowd.away.size;
    const progress = setInterval(() => say(`${connected()} of ${all} clients are connected`), PROGRESS_MS);
    try {
      await holds(
        () => {
          signal.throwIfAborted();
          this.#crowd.check();
          while (this.#crowd.size < all && this.#crowd.away.size < DIAL_AT_ONCE)
            this.#crowd.add(`member-${this.#crowd.size}`);
          return this.#crowd.size === all;
        },
        ALL_THERE_MS,
        () => `${connected()} of ${all} clients could connect`,
      );
      await this.#rest();
    } finally {
      clearInterval(progress);
    }
    say(`${all} clients are connected after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }

  /** Waits until every client that is without a connection now has had one. Some may lose theirs in the meantime. */
  async #rest(): Promise<void> {
    const missing = new Set(this.#crowd.away);
    await holds(
      () => {
        this.#order.signal.throwIfAborted();
        this.#crowd.check();
        for (const number of missing) if (!this.#crowd.away.has(number)) missing.delete(number);
        return missing.size === 0;
      },
      ALL_THERE_MS,
      () => `${missing.size} of ${this.#crowd.size} clients have no connection`,
    );
  }

  async #exchange(seed: number): Promise<{ result: TrafficResult; trouble: string | undefined }> {
    const { clients, say, signal } = this.#order;
    const random = seededRandom(seed);
    const rate = Math.min(clients, MAX_RATE);
    const over = new Deferred();
    let trouble: string | undefined;
    const happen = async (): Promise<void> => {
      trouble = await this.#happen(seed, random);
      await sleep(AFTER_MS);
      over.resolve();
    };
    const messages = rate * MAX_SECONDS;
    let number = 0;
    const result = await runTraffic({
      url: this.#platform.access.url,
      token: (user) => this.#platform.token(user),
      clients,
      rooms: Math.max(2, Math.ceil(clients / CLIENTS_PER_ROOM)),
      messages,
      rate: rate / clients,
      seed,
      signal,
      until: over.promise,
      connect: () => this.#crowd.guest(number++),
      disturbances: [
        {
          name: this.#fault.name,
          at: (BEFORE_SECONDS * (1 + random.next())) / MAX_SECONDS,
          run: happen,
        },
      ],
      onProgress: ({ sent, settled, received }) =>
        say(`sent ${sent}, acked ${settled}, received ${received}`),
    });
    this.#crowd.check();
    if (result.verdict.counts.sent >= messages) trouble ??= 'the traffic ended before the fault';
    return { result, trouble };
  }

  /** @returns what the platform did not do; told after the verdict: what the checker saw is worth more */
  async #happen(seed: number, random: ReturnType<typeof seededRandom>): Promise<string | undefined> {
    const { say } = this.#order;
    say(`${this.#fault.name} begins`);
    const began = performance.now();
    const context = { platform: this.#platform, crowd: this.#crowd, room: `check:${seed}-0` };
    try {
      await this.#fault.happen({ ...context, random, say });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      say(`${this.#fault.name} is over after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
  }

  #outcome(seed: number, result: TrafficResult, trouble: string | undefined): Outcome {
    const { counts, broken } = result.verdict;
    const wrong: Record<string, number> = { ...broken };
    if (result.unsettled > 0) wrong['unsettled'] = result.unsettled;
    if (counts.failed > 0) wrong['failed'] = counts.failed;
    if (counts.continuityLost > 0) wrong['continuity lost'] = counts.continuityLost;
    return {
      fault: this.#fault.name,
      seed,
      clients: this.#order.clients,
      connected: this.#crowd.size,
      messages: counts.acked,
      deliveries: counts.received,
      clean: result.verdict.clean && Object.keys(wrong).length === 0 && trouble === undefined,
      wrong,
      ...(trouble !== undefined && { trouble }),
      stallMs: Math.round(result.delivery.max),
      p50Ms: Math.round(result.delivery.p50),
      reconnects: result.reconnects,
    };
  }
}
