import {
  KafkaError,
  memoryKafka,
  type BatchResult,
  type Kafka,
  type MemoryConsumer,
  type MemoryKafka,
  type PartitionConsumer,
  type ProduceTransport,
  type RecordBatch,
  type SliceResult,
} from '@chatplatform/kafka';
import { Deferred, type Random } from '@chatplatform/runtime';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { SimProcess } from './sim-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { Pipe, Wire } from './wire.ts';

interface Parts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly server: SimProcess;
}

/** Longest time between the end of a broken request and the moment at which the broker has carried it out all the same. */
const LATE_MS = 3_000;

/** What may go wrong with produce requests now; shares of requests. */
export interface ProduceFaults {
  /** Carried out, the answer is lost. */
  answerLost: number;
  /** Never arrives; the sender cannot tell. */
  requestLost: number;
  /** Carried out after the sender gave it up, maybe after a later attempt. */
  late: number;
}

/** A member of the worker group, from outside. */
export interface SimMember {
  /** The group takes its partitions away, whatever it is doing. */
  evict(): void;
}

/** One Kafka for the whole world: the twin with the real producer, reached over wires that delay, break and lose. */
export class SimKafka {
  readonly cluster: MemoryKafka;
  readonly faults: ProduceFaults = { answerLost: 0, requestLost: 0, late: 0 };
  readonly #parts: Parts;
  readonly #wires: Wire[] = [];
  readonly #members = new Map<SimProcess, SimMember[]>();
  /** Processes that reach no broker. */
  readonly #cutOff = new Set<SimProcess>();
  /** Processes whose requests wait at the broker for so long, ms. */
  readonly #late = new Map<SimProcess, number>();

  constructor(parts: Parts, random: Random) {
    this.#parts = parts;
    this.cluster = memoryKafka({ clock: parts.server.clock, random });
  }

  /** Kafka as `process` has it. */
  open(process: SimProcess, random: Random): Kafka {
    const { time, dice } = this.#parts;
    const wire = new Wire({ time, dice, process });
    this.#wires.push(wire);
    const client = this.cluster.client({
      clock: process.clock,
      random,
      network: (broker) => this.#network(broker, wire, process),
    });
    const remote = <T extends object>(target: T, lane: string): T => this.#remote(target, { wire, lane });
    const admin = remote(client.admin(), 'admin');
    const reader = remote(client.logReader(), 'log reader');
    return {
      producer: (options) => client.producer(options),
      consumer: () => this.#consumer(client.consumer(), process),
      admin: () => admin,
      logReader: () => reader,
      close: () => client.close(),
    };
  }

  /** The group notices that the members of `process` are gone. */
  evict(process: SimProcess): void {
    for (const member of this.#members.get(process) ?? []) member.evict();
  }

  /** What `process` produces reaches no broker from now on, or does again. */
  cutOff(process: SimProcess, isCut: boolean): void {
    if (isCut) this.#cutOff.add(process);
    else this.#cutOff.delete(process);
  }

  /** What `process` produces waits for `ms` before it is carried out; it is answered all the same. */
  holdUp(process: SimProcess, ms: number): void {
    this.#late.set(process, ms);
  }

  /** Every way to Kafka takes that much longer (1 = as usual). */
  slow(factor: number): void {
    for (const wire of this.#wires) wire.slow(factor);
  }

  /** The same object behind a wire: every method becomes a request. */
  #remote<T extends object>(target: T, { wire, lane }: { wire: Wire; lane: string }): T {
    return new Proxy(target, {
      get: (object, name) => {
        const method: unknown = Reflect.get(object, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          wire.request(lane, () => Reflect.apply(method, object, args) as Promise<unknown>);
      },
    });
  }

  #network(broker: ProduceTransport, wire: Wire, process: SimProcess): ProduceTransport {
    const { time, dice, journal, server } = this.#parts;
    return {
      leaderOf: (topic, partition) => broker.leaderOf(topic, partition),
      probe: () =>
        wire.request('probe', () =>
          this.#cutOff.has(process) ? Promise.resolve(brokenConnection()) : broker.probe(),
        ),
      close: () => broker.close(),
      send: (slices) =>
        wire.request('produce', async () => {
          const { answerLost, requestLost, late } = this.faults;
          if (this.#cutOff.has(process) || dice.chance(requestLost)) return slices.map(unknownOutcome);
          if (dice.chance(late)) {
            time.after(dice.between(0, LATE_MS), () => void broker.send(slices));
            return slices.map(unknownOutcome);
          }
          const wait = this.#late.get(process);
          if (wait !== undefined) await server.clock.sleep(wait);
          const results = await broker.send(slices);
          slices.forEach(({ topic, partition, records }, at) => {
            const result = results[at] as SliceResult;
            const offset = result.ok ? result.baseOffset : -1;
            journal.note(
              time.now,
              'kafka append',
              `${topic}/${partition}@${offset} ${records.length} records`,
            );
          });
          return dice.chance(answerLost)
            ? results.map((result) => (result.ok ? unknownOutcome() : result))
            : results;
        }),
    };
  }

  #consumer(inner: MemoryConsumer, process: SimProcess): PartitionConsumer {
    const { time, dice } = this.#parts;
    const pipe = new Pipe(time, dice);
    const evicted = new Deferred();
    let joined = false;
    const members = this.#members.get(process) ?? [];
    members.push({
      evict: () => {
        // One that is not in the group yet cannot be put out, and will be in it.
        if (!joined) return;
        evicted.resolve();
        // One that lives finishes its batch, however late; a dead one answers nothing and never reads again.
        void (process.alive ? inner.evict() : inner.kill());
      },
    });
    this.#members.set(process, members);
    return {
      onCrash: (listener) => inner.onCrash(listener),
      lastActivity: () => inner.lastActivity(),
      stop: () => inner.stop(),
      run: (options) => {
        joined = true;
        return inner.run({
          ...options,
          onAssigned: (topic, partitions) => {
            if (process.alive) options.onAssigned?.(topic, partitions);
          },
          eachBatch: (batch) => {
            const handle = async (): Promise<BatchResult> => {
              await process.clock.sleep(pipe.delay());
              const result = await options.eachBatch(batch);
              await process.clock.sleep(pipe.delay());
              return result;
            };
            const orphaned = evicted.promise.then((): BatchResult | Promise<never> =>
              process.alive ? new Promise<never>(() => undefined) : { seek: firstOffset(batch) },
            );
            return Promise.race([handle(), orphaned]);
          },
        });
      },
    };
  }
}

function unknownOutcome(): SliceResult {
  return { ok: false, written: 'unknown', error: brokenConnection() };
}

function brokenConnection(): KafkaError {
  return new KafkaError('unavailable', 'the connection broke before the answer came');
}

function firstOffset(batch: RecordBatch): number {
  return batch.records[0]?.offset ?? 0;
}
