import type { MessageSpan, Tracer } from '@chatplatform/telemetry';
import type { Span } from '../pipeline/service.ts';
import type { ChatMessage } from './chat-message.ts';

/**
 * Begins a span for each message whose trace is recorded; what was applied before has had its own. Returns what ends
 * them when all effects of the batch are done: a try that fails leaves none.
 */
export function beginAppends(tracer: Tracer, messages: readonly ChatMessage[], batch: Span): () => void {
  const spans: MessageSpan[] = [];
  for (const { tp: parent, id, offset } of messages) {
    if (parent === undefined || offset < batch.floor) continue;
    const span = tracer.begin('worker.append', {
      parent,
      kind: 'consumer',
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'append',
        'messaging.operation.type': 'process',
        'messaging.destination.name': batch.topic,
        'messaging.destination.partition.id': String(batch.partition),
        'messaging.kafka.offset': offset,
        'messaging.batch.message_count': batch.records.length,
        'messaging.message.id': id,
      },
    });
    if (span !== undefined) spans.push(span);
  }
  return () => {
    for (const span of spans) span.end();
  };
}
