import type { Kafka, RecordProducer } from '@chatplatform/kafka';
import { GatheringWindow } from '@chatplatform/runtime';

const WINDOW = {
  /** Share of time the gateway may be busy before waiting pays. */
  idleShare: 0.15,
  /** Share at which the full window is used. */
  busyShare: 0.4,
  /** Adds half of this to a publish on average, where much is published. */
  maxMs: 10,
  /** Below 400 publishes a second nothing waits. */
  worth: 4,
} as const;

/** Writes what all clients publish; `spacing` is the shortest time between two requests to one leader of the log. */
export function spacedProducer(kafka: Kafka): { producer: RecordProducer; spacing: GatheringWindow } {
  const spacing = new GatheringWindow(WINDOW);
  const producer = kafka.producer({
    spacing: (records) => {
      spacing.note(records);
      return spacing.ms;
    },
  });
  return { producer, spacing };
}
