import { connectKafka, type Kafka, type RecordProducer } from '@chatplatform/kafka';
import { partitionOf } from '@chatplatform/protocol';
import { systemClock, systemRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';

/** A log that a server delivers from; messages are written to it, not sent to the server. */
export interface LogPlan {
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  /** Header that tells the server the room. */
  readonly roomHeader: string;
}

/** What a crowd wants to know of what it publishes. */
export interface PublishEvents {
  onAcked(count: number): void;
  onRefused(text: string): void;
}

/** Publishes through the log, as an application server beside such a server does. */
export class LogPublisher {
  readonly #plan: LogPlan;
  readonly #events: PublishEvents;
  readonly #kafka: Kafka;
  readonly #producer: RecordProducer;

  constructor(plan: LogPlan, events: PublishEvents) {
    this.#plan = plan;
    this.#events = events;
    this.#kafka = connectKafka(
      { bootstrapServers: [...plan.bootstrapServers], clientId: 'bench-load' },
      { logger: silentLogger, clock: systemClock, random: systemRandom },
    );
    this.#producer = this.#kafka.producer();
  }

  /** Its answer is the log's: written, acks=all. */
  publish(room: string, payload: string): void {
    const { topic, partitions, roomHeader } = this.#plan;
    const appended = this.#producer.append({
      topic,
      partition: partitionOf(room, partitions),
      key: room,
      value: JSON.stringify(payload),
      headers: { [roomHeader]: room },
    });
    appended.then(
      () => this.#events.onAcked(1),
      (error: unknown) => this.#events.onRefused(String(error)),
    );
  }

  close(): void {
    // The load process ends next, and everything it waited for is answered.
    this.#kafka.close().catch(() => undefined);
  }
}
