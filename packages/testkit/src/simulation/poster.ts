import type { HttpAnswer, HttpRequest } from '@chatplatform/gateway';
import type { Dice } from './dice.ts';
import type { Network } from './network.ts';
import type { SimProcess } from './sim-process.ts';

/** A message and who publishes it. */
export interface Sending {
  readonly client: string;
  readonly room: string;
  readonly tag: string;
}

/** Where it is written down what becomes of a publish. */
export interface Ledger {
  sent(at: Sending): void;
  acked(at: Sending, ack: { cid: string; id?: string | undefined; dup: boolean }): void;
  failed(at: Sending, reason: string): void;
}

interface PosterParts {
  readonly name: string;
  readonly process: SimProcess;
  readonly network: Network;
  readonly dice: Dice;
  readonly ledger: Ledger;
}

/** How long an answer is waited for: less than the log's deadline (10 s), so that a request meets its own predecessor. */
const TIMEOUT_MS = 4_000;
/** Between two attempts, ms. */
const PAUSE = { low: 50, high: 800 } as const;
/** What says that the same request may do better later. */
const RETRYABLE: ReadonlySet<number> = new Set([409, 429, 503]);

/**
 * A program that publishes by HTTP, one message after the other: each with an `Idempotency-Key`, and again, to any
 * gateway, until it is told that the message is published.
 */
export class Poster {
  readonly #parts: PosterParts;

  constructor(parts: PosterParts) {
    this.#parts = parts;
  }

  async post({ rooms, messages, spanMs }: Plan): Promise<void> {
    const { name, process, dice, ledger } = this.#parts;
    for (let said = 1; said <= messages; said += 1) {
      await process.clock.sleep(dice.between(0, (2 * spanMs) / messages));
      const at = { client: name, room: dice.pick(rooms) ?? '', tag: `${name}/${said}` };
      ledger.sent(at);
      const answer = await this.#insist(at);
      if (answer.status === 200 || answer.status === 201)
        ledger.acked(at, JSON.parse(answer.body) as Parameters<Ledger['acked']>[1]);
      else ledger.failed(at, `${answer.status} ${answer.body}`);
    }
  }

  /** The answer that is not "try again". */
  async #insist({ client, room, tag }: Sending): Promise<HttpAnswer> {
    const { process, dice, network } = this.#parts;
    const request: HttpRequest = {
      method: 'POST',
      path: `/api/v1/rooms/${room}/messages`,
      query: new URLSearchParams(),
      headers: new Map([
        ['authorization', `Bearer ${client}`],
        ['content-type', 'application/json'],
        ['idempotency-key', tag],
      ]),
      remoteAddress: client,
      body: Buffer.from(JSON.stringify({ data: tag })),
    };
    for (;;) {
      const late = new AbortController();
      const answer = await Promise.race([
        network.request(process, request),
        process.clock.sleep(TIMEOUT_MS, late.signal).catch(() => undefined),
      ]);
      late.abort();
      if (answer !== undefined && !RETRYABLE.has(answer.status)) return answer;
      await process.clock.sleep(dice.between(PAUSE.low, PAUSE.high));
    }
  }
}

/** How much it publishes. */
interface Plan {
  readonly rooms: readonly string[];
  readonly messages: number;
  /** Time in which it publishes, ms. */
  readonly spanMs: number;
}
