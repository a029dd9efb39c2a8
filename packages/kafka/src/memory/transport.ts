import type { Clock } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { ProduceTransport, Slice, SliceResult } from '../produce/transport.ts';
import type { MemoryFaults } from './faults.ts';
import type { MemoryLog } from './log.ts';

/** Writes to the in-memory log; one leader for everything, like a single broker. */
export class MemoryTransport implements ProduceTransport {
  readonly #log: MemoryLog;
  readonly #faults: MemoryFaults;
  readonly #clock: Clock;

  constructor(log: MemoryLog, faults: MemoryFaults, clock: Clock) {
    this.#log = log;
    this.#faults = faults;
    this.#clock = clock;
  }

  leaderOf(): string {
    return 'memory';
  }

  async send(slices: readonly Slice[]): Promise<readonly SliceResult[]> {
    // A turn of the loop, as a socket would take: callers must not rely on an answer in the same turn.
    await new Promise((resolve) => setImmediate(resolve));
    const lost = this.#faults.lostAnswers > 0 && !this.#faults.outage;
    if (lost) this.#faults.lostAnswers -= 1;
    return slices.map((slice) => (lost ? this.#lose(slice) : this.#write(slice)));
  }

  probe(): Promise<KafkaError | undefined> {
    return Promise.resolve(this.#faults.outage ? noBroker() : undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lose(slice: Slice): SliceResult {
    const result = this.#write(slice);
    if (!result.ok) return result;
    return {
      ok: false,
      written: 'unknown',
      error: new KafkaError('unavailable', 'the answer of the broker was lost'),
    };
  }

  #write({ topic, partition, records }: Slice): SliceResult {
    if (this.#faults.outage) {
      return { ok: false, written: 'no', error: noBroker() };
    }
    for (const record of records) {
      const refusal = this.#faults.refuse?.(record);
      if (refusal !== undefined) return { ok: false, written: 'no', error: refusal };
    }
    const timestamp = this.#clock.now();
    try {
      return { ok: true, baseOffset: this.#log.append(topic, partition, records, timestamp), timestamp };
    } catch (error) {
      return { ok: false, written: 'no', error: error as KafkaError };
    }
  }
}

function noBroker(): KafkaError {
  return new KafkaError('unavailable', 'no broker answers');
}
