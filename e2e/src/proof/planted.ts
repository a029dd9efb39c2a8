import type {
  Appended,
  BatchResult,
  Kafka,
  OutRecord,
  RecordBatch,
  RecordProducer,
} from '@chatplatform/kafka';

// Faults that nobody shall ever write, as wrappers around a healthy Kafka. They exist to prove that the checker
// sees them; nothing outside this folder can switch them on.

/** A broken Kafka, and the end of the process it belongs to. */
export interface Planted {
  readonly kafka: Kafka;
  /** What was promised and not yet done is gone, as after a kill -9. */
  die(): void;
}

/** How far an early promise runs ahead of the deed: ten publishes are made in this time, so that a kill falls between. */
const AHEAD_MS = 250;
/** No record is from the future: the first offset after this is the end of the log. */
const FUTURE_MS = 60_000;

/** The gateway says "in the log" before the log does, and guesses the offset it will get. */
export function ackBeforeKafka(healthy: Kafka): Planted {
  const timers = new Set<NodeJS.Timeout>();
  let dead = false;
  const early = (
    producer: RecordProducer,
    messages: (topic: string) => boolean,
  ): RecordProducer['append'] => {
    const next = new Map<number, Promise<number>>();
    return async (record) => {
      if (!messages(record.topic)) return producer.append(record);
      if (dead) return new Promise<Appended>(() => undefined);
      const end = next.get(record.partition) ?? endOf(healthy, record);
      const offset = await end;
      next.set(
        record.partition,
        end.then((value) => value + 1),
      );
      const timer = setTimeout(() => void producer.append(record).catch(() => undefined), AHEAD_MS);
      timers.add(timer);
      return { partition: record.partition, offset, timestamp: Date.now(), certain: false };
    };
  };
  return {
    kafka: withAppend(healthy, (producer) => early(producer, (topic) => topic.endsWith('.messages'))),
    die: () => {
      dead = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** The worker commits a batch, and does its work after that; it also trusts the commit of its predecessor. */
export function commitBeforeEffect(healthy: Kafka): Planted {
  const timers = new Set<NodeJS.Timeout>();
  const consumer: Kafka['consumer'] = (options) => {
    const real = healthy.consumer(options);
    return override(real, {
      run: (o) =>
        real.run({
          ...o,
          eachBatch: (batch) => {
            const late = (): void => void o.eachBatch(trusting(batch)).catch(() => undefined);
            timers.add(setTimeout(late, AHEAD_MS));
            return Promise.resolve<BatchResult>({ commit: (batch.records.at(-1)?.offset ?? 0) + 1 });
          },
        }),
    });
  };
  return {
    kafka: override(healthy, { consumer }),
    die: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** After a failed attempt the gateway sends the later record first: every tenth one is overtaken by the next. */
export function reorderedResend(healthy: Kafka): Planted {
  let count = 0;
  let overtaken: { record: OutRecord; send: () => void } | undefined;
  const append =
    (producer: RecordProducer): RecordProducer['append'] =>
    (record) => {
      const before = overtaken;
      if (before !== undefined && before.record.partition === record.partition) {
        overtaken = undefined;
        const result = producer.append(record);
        before.send();
        return result;
      }
      count += 1;
      if (before !== undefined || count % 10 !== 0) return producer.append(record);
      return new Promise<Appended>((resolve, reject) => {
        overtaken = { record, send: () => void producer.append(record).then(resolve, reject) };
      });
    };
  return { kafka: withAppend(healthy, append), die: () => undefined };
}

function withAppend(healthy: Kafka, append: (producer: RecordProducer) => RecordProducer['append']): Kafka {
  return override(healthy, {
    producer: (options) => {
      const real = healthy.producer(options);
      return override(real, { append: append(real) });
    },
  });
}

/** Without the second safety net: a fresh worker goes back some time and applies again, which would heal it. */
function trusting(batch: RecordBatch): RecordBatch {
  return override(batch, { firstAfterAssignment: false, isStale: () => false });
}

async function endOf(kafka: Kafka, record: OutRecord): Promise<number> {
  return kafka.admin().offsetAt(record.topic, record.partition, Date.now() + FUTURE_MS);
}

/** The object with some members replaced; everything else is done by the object itself. */
function override<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
