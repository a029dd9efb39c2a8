import type { Clock } from '@chatplatform/runtime';
import type { Inbox, InboxHandlers, InboxLine, InboxPublisher } from './inbox.ts';
import { encodePayload } from './payload.ts';
import { NumberedPublisher } from './publisher.ts';
import { Subscription } from './subscription.ts';
import type { InboxTransport } from './transport.ts';

/** {@link Inbox} over a transport: Redis, or the twin in memory. */
export class NumberedInbox implements Inbox {
  readonly #transport: InboxTransport;
  readonly #clock: Clock;

  constructor(transport: InboxTransport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  publisher(options: { readonly incarnation: string }): InboxPublisher {
    return new NumberedPublisher(this.#transport, this.#clock, options.incarnation);
  }

  send(inbox: string, from: string, lines: readonly InboxLine[]): Promise<number> {
    return this.#transport.publish(inbox, encodePayload({ w: from, e: 1 }, lines));
  }

  subscribe(incarnation: string, handlers: InboxHandlers): Promise<{ close(): Promise<void> }> {
    return new Subscription(this.#transport, this.#clock, { incarnation, handlers }).open();
  }
}
