import { traceparentOf } from '@chatplatform/protocol';
import type { MessageSpan, Tracer } from '@chatplatform/telemetry';
import type { RoomEntry } from './ring.ts';

/** What of a message's trace happens here: from its place in the room until the sockets have it. */
export class DeliverySpans {
  readonly #tracer: Tracer;
  /** By topic; a flush window long at the most. */
  readonly #open = new Map<string, MessageSpan[]>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** Messages are about to wait for the next frame of `topic`. */
  begin(topic: string, entries: readonly RoomEntry[]): void {
    for (const { id, frame } of entries) {
      const parent = traceparentOf(frame);
      if (parent === undefined) continue;
      const span = this.#tracer.begin('gateway.deliver', {
        parent,
        kind: 'consumer',
        attributes: {
          'messaging.system': 'chatplatform',
          'messaging.operation.name': 'deliver',
          'messaging.operation.type': 'process',
          'messaging.message.id': id,
        },
      });
      if (span !== undefined) this.#add(topic, span);
    }
  }

  /** A frame of `topic` was handed to that many sockets. */
  sent(topic: string, sockets: number): void {
    const spans = this.#open.get(topic);
    if (spans === undefined) return;
    this.#open.delete(topic);
    for (const span of spans) span.end({ attributes: { 'chatplatform.sockets': sockets } });
  }

  #add(topic: string, span: MessageSpan): void {
    const spans = this.#open.get(topic);
    if (spans === undefined) this.#open.set(topic, [span]);
    else spans.push(span);
  }
}
