import type { InRecord, Kafka, LogReader, PartitionConsumer, RecordProducer } from '@chatplatform/kafka';
import type { History, InboxHandlers, InboxPublisher, Latest, Redis } from '@chatplatform/redis';

/** `redis` with some nouns replaced. */
export function withRedis(redis: Redis, change: Partial<Redis>): Redis {
  return Object.assign(Object.create(redis) as Redis, change);
}

/** `redis` with some methods of its histories replaced. */
export function withHistory(redis: Redis, change: (history: History) => Partial<History>): Redis {
  return withRedis(redis, {
    history: (epoch) => {
      const history = redis.history(epoch);
      return Object.assign(Object.create(history) as History, change(history));
    },
  });
}

/** `redis` with some methods of its latest-value rooms replaced. */
export function withLatest(redis: Redis, change: (latest: Latest) => Partial<Latest>): Redis {
  return withRedis(redis, {
    latest: (epoch) => {
      const latest = redis.latest(epoch);
      return Object.assign(Object.create(latest) as Latest, change(latest));
    },
  });
}

/** `redis` with its publishers replaced. */
export function withPublisher(redis: Redis, change: (publisher: InboxPublisher) => InboxPublisher): Redis {
  const { inbox } = redis;
  return withRedis(redis, {
    inbox: {
      publisher: (options) => change(inbox.publisher(options)),
      send: (gateway, from, lines) => inbox.send(gateway, from, lines),
      subscribe: (incarnation, handlers) => inbox.subscribe(incarnation, handlers),
    },
  });
}

/** `redis` with other ears for its inbox. */
export function withHandlers(redis: Redis, change: (handlers: InboxHandlers) => InboxHandlers): Redis {
  const { inbox } = redis;
  return withRedis(redis, {
    inbox: {
      publisher: (options) => inbox.publisher(options),
      send: (gateway, from, lines) => inbox.send(gateway, from, lines),
      subscribe: (incarnation, handlers) => inbox.subscribe(incarnation, change(handlers)),
    },
  });
}

/** `redis` whose inbox does not tell of some gaps. */
export function deafTo(redis: Redis, reasons: readonly string[]): Redis {
  return withHandlers(redis, (handlers) => ({
    onItems: (items, from) => handlers.onItems(items, from),
    onGap: (gap) => {
      if (!reasons.includes(gap.reason)) handlers.onGap(gap);
    },
  }));
}

/** `kafka` with its consumers replaced. */
export function withConsumer(
  kafka: Kafka,
  change: (consumer: PartitionConsumer) => PartitionConsumer,
): Kafka {
  return { ...boundKafka(kafka), consumer: (options) => change(kafka.consumer(options)) };
}

/** `kafka` whose log reads as `change` makes it; consumers read it as it is. */
export function withLog(kafka: Kafka, change: (records: InRecord[]) => InRecord[]): Kafka {
  const reader = (log: LogReader): LogReader => ({
    read: async (range) => change(await log.read(range)),
    piece: async (place) => {
      const { records, next } = await log.piece(place);
      return { records: change([...records]), next };
    },
    bounds: (topic, partition) => log.bounds(topic, partition),
  });
  return { ...boundKafka(kafka), logReader: () => reader(kafka.logReader()) };
}

/** `kafka` with its producers' `append` replaced. */
export function withAppend(
  kafka: Kafka,
  change: (append: RecordProducer['append']) => RecordProducer['append'],
): Kafka {
  return {
    ...boundKafka(kafka),
    producer: (options) => {
      const producer = kafka.producer(options);
      const append = change((record) => producer.append(record));
      return {
        append,
        appendAll: (records) => producer.appendAll(records),
        get state() {
          return producer.state;
        },
        onState: (listener) => producer.onState(listener),
        flush: (timeoutMs) => producer.flush(timeoutMs),
        close: () => producer.close(),
      };
    },
  };
}

function boundKafka(kafka: Kafka): Kafka {
  return {
    producer: (options) => kafka.producer(options),
    consumer: (options) => kafka.consumer(options),
    admin: () => kafka.admin(),
    logReader: () => kafka.logReader(),
    close: () => kafka.close(),
  };
}

/** Copies look like messages of another sender. */
export function asIfSentOnce(records: InRecord[]): InRecord[] {
  const seen = new Set<string>();
  return records.map((record) => {
    const { cid = '' } = record.headers;
    const key = `${record.key} ${cid}`;
    if (!seen.has(key)) {
      seen.add(key);
      return record;
    }
    const [inst = '', n = ''] = cid.split('.');
    return { ...record, headers: { ...record.headers, cid: `${inst.slice(1)}x.${n}` } };
  });
}
