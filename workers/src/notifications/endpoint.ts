import { backoff, Breaker, type Clock, type Random } from '@chatplatform/runtime';
import type { Notice } from './notice.ts';
import { callWebhook, type Answer, type WebhookTarget } from './webhook.ts';

/** Requests for one notice: over half a minute, what fails then is no hiccup. */
const ATTEMPTS = 5;
/** Waits between them, ms. */
const RETRY = { base: 1_000, factor: 2, max: 10_000, jitter: 0.5 } as const;
/** More failures in a row than one bad notice makes: then it is the endpoint. */
const BREAKER_FAILURES = 2 * ATTEMPTS;
/** Between two requests to an endpoint that keeps failing, ms. */
const OPEN_MS = 15_000;
/** A notice that is older while its endpoint keeps failing is given up, ms: nobody wants to hear of it then. */
const PATIENCE_MS = 600_000;
/** Looks at whether waiting still makes sense, ms. */
const LOOK_MS = 500;

/** How sending a notice ended. */
export type Delivered =
  | { readonly ok: true }
  | { readonly ok: false; readonly attempts: number; readonly message: string };

/** One notice on its way. */
export interface Errand {
  readonly notice: Notice;
  readonly users: readonly string[];
  /** The work belongs to somebody else now: {@link EndpointGone} ends it. */
  readonly isStale: () => boolean;
}

interface Deps {
  readonly name: string;
  readonly target: () => Promise<WebhookTarget>;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  /** Ends requests and waits. */
  readonly signal: AbortSignal;
  readonly onBreaker: (open: boolean) => void;
}

/** The partition was taken away, or the process stops: somebody else goes on. */
export class EndpointGone extends Error {
  override readonly name = 'EndpointGone';
}

/** One endpoint: bounded retries per notice, and a breaker so that one that is down is not asked all the time. */
export class Endpoint {
  readonly #deps: Deps;
  readonly #breaker: Breaker;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { name } = deps;
    this.#breaker = new Breaker({ name, failures: BREAKER_FAILURES, openMs: OPEN_MS }, deps.clock);
    this.#breaker.onChange((state) => deps.onBreaker(state !== 'closed'));
  }

  /** Rejects with {@link EndpointGone} only. */
  async deliver(errand: Errand): Promise<Delivered> {
    const wait = backoff(RETRY, this.#deps.random);
    let message = 'the endpoint keeps failing';
    for (let attempts = 0; attempts < ATTEMPTS; ) {
      if (!this.#breaker.allows()) {
        if (this.#isTooOld(errand)) return { ok: false, attempts, message };
        await this.#pause(Math.max(LOOK_MS, this.#breaker.retryAfterMs), errand);
        continue;
      }
      attempts += 1;
      const answer = await this.#call(errand);
      if (answer.ok) return { ok: true };
      message = answer.message;
      if (!answer.retry) return { ok: false, attempts, message };
      if (attempts < ATTEMPTS) await this.#pause(answer.afterMs ?? wait.next(), errand);
    }
    return { ok: false, attempts: ATTEMPTS, message };
  }

  async #call(errand: Errand): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#ask(errand);
    } catch (error) {
      // The trial of a half-open breaker has to end, however it ends.
      this.#breaker.failed();
      throw new EndpointGone('the process stops', { cause: error });
    }
    // Whoever refuses a request is there.
    if (answer.ok || !answer.retry) this.#breaker.succeeded();
    else this.#breaker.failed();
    return answer;
  }

  async #ask(errand: Errand): Promise<Answer> {
    const { clock, fetch, signal } = this.#deps;
    let target: WebhookTarget;
    try {
      target = await this.#deps.target();
    } catch (error) {
      return { ok: false, retry: true, message: `the secret cannot be read: ${String(error)}` };
    }
    return callWebhook(target, errand, { fetch, now: clock.now(), signal });
  }

  #isTooOld({ notice }: Errand): boolean {
    return this.#deps.clock.now() - notice.record.timestamp > PATIENCE_MS;
  }

  async #pause(ms: number, { isStale }: Errand): Promise<void> {
    const { clock, signal } = this.#deps;
    for (let left = ms; left > 0; left -= LOOK_MS) {
      if (isStale()) throw new EndpointGone('the partition was taken away');
      try {
        await clock.sleep(Math.min(left, LOOK_MS), signal);
      } catch (error) {
        throw new EndpointGone('the process stops', { cause: error });
      }
    }
  }
}
