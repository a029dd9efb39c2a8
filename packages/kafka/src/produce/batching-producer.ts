import { Deferred, type Clock, type Random, type Timer } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { Appended, OutRecord, ProducerOptions, RecordProducer } from '../port/producer.ts';
import { loadFlight, type Flight } from './flight.ts';
import { ProducerHealth } from './health.ts';
import { Leader } from './leader.ts';
import { PartitionQueue, type Answer, type Entry } from './partition-queue.ts';
import { Tally } from './tally.ts';
import type { ProduceTransport, SliceResult } from './transport.ts';

const DEFAULTS: Required<ProducerOptions> = {
  deadlineMs: 10_000,
  maxBatchRecords: 512,
  maxBatchBytes: 512 * 1024,
  maxQueuedBytes: 32 * 1024 * 1024,
  spacing: () => 0,
};
/** How exact deadlines are, ms: one timer for all records instead of one each. */
const SWEEP_MS = 100;
/** Between two attempts to find a broker while none answers, ms. */
const PROBE_MS = 500;
/** Between two looks at the brokers while all is well, ms: who has nothing to write learns of an outage, too. */
const LOOK_MS = 5_000;
/** Kafka's own bytes around a record, rounded up: varints, attributes, header lengths. */
const RECORD_OVERHEAD = 70;

interface Deps {
  readonly transport: ProduceTransport;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Keeps every partition in order: one flight per leader, an entry leaves the head of its queue only
 * when it is written or finally failed, and a final failure empties the queue behind it.
 */
export class BatchingProducer implements RecordProducer {
  readonly #options: Required<ProducerOptions>;
  readonly #deps: Deps;
  readonly #health: ProducerHealth;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #leaders = new Map<string, Leader>();
  readonly #timers = new Set<Timer>();
  #queuedBytes = 0;
  #sweeping = false;
  #probing = false;
  #nextProbe: Timer | undefined;
  #pumpPlanned = false;
  #closed = false;

  constructor(options: ProducerOptions, deps: Deps) {
    this.#options = { ...DEFAULTS, ...options };
    this.#deps = deps;
    this.#health = new ProducerHealth(deps.clock);
    void this.#probe();
  }

  get state(): 'up' | 'down' {
    return this.#health.state;
  }

  onState(listener: (state: 'up' | 'down') => void): () => void {
    return this.#health.onState(listener);
  }

  append(record: OutRecord): Promise<Appended> {
    const answer = new Deferred<Appended>();
    this.#enqueue(record, answer);
    return answer.promise;
  }

  appendAll(records: readonly OutRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const tally = new Tally();
    const answers = records.map(() => tally.mark());
    records.forEach((record, index) => this.#enqueue(record, answers[index] as Answer));
    return tally.promise;
  }

  async flush(timeoutMs: number): Promise<void> {
    const waiting = [...this.#queues.values()].flatMap((queue) =>
      queue.entries.map((entry) => entry.answer.promise),
    );
    if (waiting.length === 0) return;
    const late = new Deferred();
    const timer = this.#deps.clock.setTimeout(() => {
      const left = [...this.#queues.values()].reduce((sum, queue) => sum + queue.entries.length, 0);
      late.reject(
        new KafkaError('timeout', `flush took over ${timeoutMs} ms; ${left} records still wait for a broker`),
      );
    }, timeoutMs);
    try {
      await Promise.race([Promise.allSettled(waiting), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    const error = new KafkaError(
      'closed',
      'the producer was closed before this record was written; flush before closing',
    );
    for (const queue of this.#queues.values()) this.#queuedBytes -= queue.fail(error, () => true);
    await this.#deps.transport.close();
  }

  #enqueue(record: OutRecord, answer: Answer): void {
    const bytes = sizeOf(record);
    const refusal = this.#refusal(record, bytes);
    if (refusal !== undefined) {
      answer.reject(refusal);
      return;
    }
    const due = this.#deps.clock.monotonic() + this.#options.deadlineMs;
    this.#queueOf(record).entries.push({ record, bytes, due, answer, certain: true });
    this.#queuedBytes += bytes;
    this.#planSweep();
    this.#planPump();
  }

  #refusal(record: OutRecord, bytes: number): KafkaError | undefined {
    const { maxBatchBytes, maxQueuedBytes } = this.#options;
    if (this.#closed) return new KafkaError('closed', 'append() on a closed producer');
    if (bytes > maxBatchBytes) {
      return new KafkaError(
        'too-large',
        `a record of ${bytes} bytes for ${record.topic} is over the limit of ${maxBatchBytes}`,
      );
    }
    if (this.state === 'down') return this.#noBroker();
    if (this.#queuedBytes + bytes > maxQueuedBytes) {
      return new KafkaError(
        'queue-full',
        `${this.#queuedBytes} bytes already wait for Kafka (limit ${maxQueuedBytes}); try again later`,
      );
    }
    return undefined;
  }

  #noBroker(): KafkaError {
    const { reason } = this.#health;
    const code = reason?.code === 'unauthorized' ? 'unauthorized' : 'unavailable';
    const why = reason === undefined ? '' : ` (${reason.message})`;
    return new KafkaError(code, `no Kafka broker has served us for 2 s${why}; try again later`, {
      cause: reason,
    });
  }

  #queueOf({ topic, partition }: OutRecord): PartitionQueue {
    const key = `${topic}/${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition);
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /**
   * At the end of this turn of the event loop: what all sockets brought in it shares the first request, and then a batch,
   * one call of Redis and one write per member. A microtask would send the first record of a burst alone.
   */
  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    setImmediate(() => {
      this.#pumpPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#closed) return;
    const waiting = new Map<string, PartitionQueue[]>();
    for (const queue of this.#queues.values()) {
      if (queue.entries.length === 0 || queue.busy) continue;
      const node = this.#deps.transport.leaderOf(queue.topic, queue.partition);
      const queues = waiting.get(node);
      if (queues === undefined) waiting.set(node, [queue]);
      else queues.push(queue);
    }
    for (const [node, queues] of waiting) this.#launch(this.#leaderNamed(node), queues);
  }

  #leaderNamed(node: string): Leader {
    let leader = this.#leaders.get(node);
    if (leader === undefined) {
      leader = new Leader(this.#options.maxBatchRecords, this.#deps.random);
      this.#leaders.set(node, leader);
    }
    return leader;
  }

  #launch(leader: Leader, queues: readonly PartitionQueue[]): void {
    if (leader.flying || this.#mustWait(leader)) return;
    const flight = loadFlight(queues, { records: leader.maxRecords, bytes: this.#options.maxBatchBytes });
    if (flight.length === 0) return;
    leader.flying = true;
    leader.waitUntil(this.#deps.clock.monotonic() + this.#options.spacing(recordsOf(flight)));
    for (const { queue } of flight) queue.busy = true;
    void this.#fly(leader, flight);
  }

  /** Whether the leader's pause is not over; then a timer comes back here when it is. */
  #mustWait(leader: Leader): boolean {
    const wait = leader.notBefore - this.#deps.clock.monotonic();
    if (wait <= 0) return false;
    if (!leader.waking) {
      leader.waking = true;
      this.#later(() => {
        leader.waking = false;
        this.#pump();
      }, Math.ceil(wait));
    }
    return true;
  }

  async #fly(leader: Leader, flight: readonly Flight[]): Promise<void> {
    const slices = flight.map(({ queue, entries }) => ({
      topic: queue.topic,
      partition: queue.partition,
      records: entries.map((entry) => entry.record),
    }));
    const results = await this.#deps.transport.send(slices);
    leader.flying = false;
    flight.forEach(({ queue, entries }, index) => {
      queue.busy = false;
      this.#settle(queue, entries, results[index] as SliceResult);
    });
    this.#judge(leader, flight, results);
    this.#pump();
  }

  #settle(queue: PartitionQueue, entries: readonly Entry[], result: SliceResult): void {
    if (result.ok) {
      this.#queuedBytes -= queue.succeed(entries, { offset: result.baseOffset, timestamp: result.timestamp });
      return;
    }
    queue.lastError = result.error;
    if (result.written === 'unknown') for (const entry of entries) entry.certain = false;
  }

  /** Decides what a flight's results mean for its leader and for records that can never be written. */
  #judge(leader: Leader, flight: readonly Flight[], results: readonly SliceResult[]): void {
    const failure = results.find((result) => !result.ok);
    if (failure === undefined || failure.ok) {
      leader.succeeded();
      this.#health.succeeded();
      return;
    }
    const records = recordsOf(flight);
    const final = isFinal(failure.error);
    if (!final) this.#retryLater(leader, results);
    else if (records > 1) leader.narrow(records);
    else this.#refuse(flight[0] as Flight, failure.error);
  }

  #retryLater(leader: Leader, results: readonly SliceResult[]): void {
    leader.failed(this.#deps.clock.monotonic());
    const failures = results.flatMap((result) => (result.ok ? [] : [result.error]));
    const [first] = failures;
    if (failures.length < results.length) this.#health.succeeded();
    else if (first !== undefined && failures.every(isOutage)) this.#noteFailure(first);
  }

  #refuse({ queue, entries }: Flight, error: KafkaError): void {
    const culprit = entries[0];
    if (culprit === undefined || culprit.answer.settled) return;
    this.#queuedBytes -= queue.fail(error, (entry) => entry === culprit);
  }

  /** Fails what is over its deadline; an entry's queue is in order of deadlines, so its head decides. */
  #sweep(): void {
    const now = this.#deps.clock.monotonic();
    for (const queue of this.#queues.values()) {
      const head = queue.entries[0];
      if (head === undefined || head.due > now) continue;
      this.#queuedBytes -= queue.fail(this.#deadlineError(queue), (entry) => entry.due <= now);
    }
  }

  #deadlineError({ topic, partition, lastError }: PartitionQueue): KafkaError {
    if (lastError?.code === 'unknown-topic') return lastError;
    return new KafkaError(
      'timeout',
      `record for ${topic}[${partition}] not acknowledged within ${this.#options.deadlineMs} ms${lastError === undefined ? '' : `: ${lastError.message}`}; it may be in the log`,
      { cause: lastError },
    );
  }

  #planSweep(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#later(() => {
      this.#sweeping = false;
      this.#sweep();
      if (this.#queuedBytes > 0) this.#planSweep();
    }, SWEEP_MS);
  }

  #noteFailure(reason: KafkaError): void {
    if (this.#health.reason === undefined) this.#probeIn(PROBE_MS);
    this.#health.failed(reason);
  }

  /** Looks at the brokers again and again: the way down when nothing is written, and up when no record is left to try. */
  async #probe(): Promise<void> {
    this.#probing = true;
    const failure = await this.#deps.transport.probe();
    this.#probing = false;
    if (this.#closed) return;
    if (failure === undefined) this.#health.succeeded();
    else this.#health.failed(failure);
    this.#probeIn(failure === undefined ? LOOK_MS : PROBE_MS);
  }

  #probeIn(ms: number): void {
    if (this.#probing) return;
    this.#cancel(this.#nextProbe);
    this.#nextProbe = this.#later(() => void this.#probe(), ms);
  }

  #cancel(timer: Timer | undefined): void {
    if (timer === undefined) return;
    timer.cancel();
    this.#timers.delete(timer);
  }

  #later(fn: () => void, ms: number): Timer | undefined {
    if (this.#closed) return undefined;
    const timer = this.#deps.clock.setTimeout(() => {
      this.#timers.delete(timer);
      fn();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}

/** `unknown-topic` may be metadata that is still on its way: it lasts until the deadline. */
function isFinal(error: KafkaError): boolean {
  return !error.retryable && error.code !== 'unknown-topic';
}

function recordsOf(flight: readonly Flight[]): number {
  return flight.reduce((sum, { entries }) => sum + entries.length, 0);
}

function isOutage(error: KafkaError): boolean {
  return error.code === 'unavailable' || error.code === 'unauthorized';
}

function sizeOf(record: OutRecord): number {
  let bytes = RECORD_OVERHEAD + (record.key?.length ?? 0) * 2;
  if (record.value !== null) bytes += Buffer.byteLength(record.value);
  for (const name in record.headers) bytes += name.length + Buffer.byteLength(record.headers[name] ?? '');
  return bytes;
}
