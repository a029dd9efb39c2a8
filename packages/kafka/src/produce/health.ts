import type { Clock } from '@chatplatform/runtime';
import type { KafkaError } from '../errors.ts';

/**
 * Brokers must fail for this long without a single success before the producer says `down`: longer
 * than a leader election in a healthy cluster of several brokers usually needs to be noticed by one
 * client, shorter than a sender's patience.
 */
const DOWN_AFTER_MS = 2_000;

/** The producer's breaker: `down` while no broker has answered for a while. */
export class ProducerHealth {
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: 'up' | 'down') => void>();
  #state: 'up' | 'down' = 'up';
  #failingSince: number | undefined;
  #reason: KafkaError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): 'up' | 'down' {
    return this.#state;
  }

  onState(listener: (state: 'up' | 'down') => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Why the last attempt failed, while they fail. */
  get reason(): KafkaError | undefined {
    return this.#reason;
  }

  succeeded(): void {
    this.#reason = undefined;
    this.#failingSince = undefined;
    this.#change('up');
  }

  failed(reason: KafkaError): void {
    this.#reason = reason;
    const now = this.#clock.monotonic();
    this.#failingSince ??= now;
    if (now - this.#failingSince >= DOWN_AFTER_MS) this.#change('down');
  }

  #change(state: 'up' | 'down'): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
