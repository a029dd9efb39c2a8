import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import { codeOfBrokerError } from '../broker-errors.ts';
import { KafkaError } from '../errors.ts';
import { FETCH_BYTES, LEADER_RETRY, MAX_TRIES, readRange } from '../log-reading.ts';
import type { InRecord } from '../port/consumer.ts';
import type { LogBounds, LogPiece, LogPlace, LogRange, LogReader } from '../port/log-reader.ts';
import type { Cluster } from './cluster.ts';
import { nameOfError } from './error-names.ts';
import { toKafkaError } from './failures.ts';
import { EARLIEST, fetchOnce, LATEST, NO_EPOCH, offsetAt } from './log-requests.ts';
import { fromBatches } from './records.ts';

/** What is not there yet is not waited for. */
const NO_WAIT_MS = 0;

interface Deps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
}

/** Fetch requests to the leaders over connections of its own, one per broker. */
export class PlatformaticLogReader implements LogReader {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  read(range: LogRange): Promise<InRecord[]> {
    const { topic, partition } = range;
    return readRange(range, (offset) => this.piece({ topic, partition, offset }));
  }

  piece({ topic, partition, offset }: LogPlace): Promise<LogPiece> {
    return this.#call(`reading ${topic}/${partition} at ${offset}`, { topic, partition }, async () => {
      const { cluster } = this.#deps;
      const request = {
        partition,
        currentLeaderEpoch: NO_EPOCH,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: NO_EPOCH,
        partitionMaxBytes: FETCH_BYTES,
      };
      const topics = [{ topicId: cluster.topic(topic)?.id ?? '', partitions: [request] }];
      const answer = await fetchOnce(
        cluster,
        { node: cluster.leaderOf(topic, partition) },
        NO_WAIT_MS,
        topics,
      );
      const found = answer.responses[0]?.partitions[0];
      if (found === undefined)
        throw new KafkaError('unavailable', 'the broker answered without the partition');
      if (found.errorCode !== 0) {
        const name = nameOfError(found.errorCode);
        throw new KafkaError(codeOfBrokerError(name), name);
      }
      return fromBatches(partition, offset, found.records ?? []);
    });
  }

  bounds(topic: string, partition: number): Promise<LogBounds> {
    return this.#call(`finding the ends of ${topic}/${partition}`, { topic, partition }, async () => {
      // In this order an answer is never an end before its begin.
      const begin = await offsetAt(this.#deps.cluster, { topic, partition }, EARLIEST);
      return { begin, end: await offsetAt(this.#deps.cluster, { topic, partition }, LATEST) };
    });
  }

  close(): Promise<void> {
    return this.#deps.cluster.close();
  }

  /** Leaders move: on any failure but a clear refusal they are asked for again. */
  async #call<T>(doing: string, at: { topic: string; partition: number }, ask: () => Promise<T>): Promise<T> {
    const wait = backoff(LEADER_RETRY, this.#deps.random);
    const { topic, partition } = at;
    for (let tries = 1; ; tries += 1) {
      try {
        if (tries > 1 || this.#deps.cluster.leaderOf(topic, partition) === undefined)
          await this.#findLeader(at);
        return await ask();
      } catch (error) {
        const failure = toKafkaError(error, doing);
        const again = failure.retryable || failure.code === 'unknown-topic';
        if (!again || tries === MAX_TRIES) throw named(failure, doing);
      }
      await this.#deps.clock.sleep(wait.next());
    }
  }

  async #findLeader({ topic, partition }: { topic: string; partition: number }): Promise<void> {
    const { cluster } = this.#deps;
    await cluster.refresh([topic]);
    if (cluster.topic(topic)?.partitions[partition] === undefined)
      throw new KafkaError('unknown-topic', `topic ${topic} has no partition ${partition}`);
  }
}

function named(failure: KafkaError, doing: string): KafkaError {
  if (failure.message.startsWith(doing)) return failure;
  return new KafkaError(failure.code, `${doing}: ${failure.message}`, { cause: failure });
}
