import type { KafkaMessage } from 'kafkajs';
import type { InRecord } from '../port/consumer.ts';

/** Messages of one partition as kafkajs reads them, as records of the port. */
export function toRecords({
  partition,
  messages,
}: {
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}): InRecord[] {
  return messages.map((message) => ({
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString() ?? null,
    value: message.value,
    headers: toHeaders(message.headers),
  }));
}

function toHeaders(headers: KafkaMessage['headers']): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    // Of a repeated header the first one counts, as for every reader of this package.
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) texts[name] = first.toString();
  }
  return texts;
}
