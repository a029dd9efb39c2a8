import { encodeInboxLine, type InboxItem, type InboxLine, type InboxPublisher } from '@chatplatform/redis';

/** Lines for gateways, collected over a batch and sent with one publish per gateway or hot channel. */
export class Mail {
  readonly #boxes = new Map<string, InboxLine[]>();

  /** The item is encoded once, whatever the number of inboxes. */
  add(inboxes: readonly string[], item: InboxItem): void {
    if (inboxes.length === 0) return;
    const line = encodeInboxLine(item);
    for (const inbox of inboxes) {
      const box = this.#boxes.get(inbox);
      if (box === undefined) this.#boxes.set(inbox, [line]);
      else box.push(line);
    }
  }

  /** Sends everything; returns to how many inboxes nobody listened. Rejects when one publish failed. */
  async send(publisher: InboxPublisher): Promise<number> {
    const receivers = await Promise.all(
      Array.from(this.#boxes, ([inbox, lines]) => publisher.publish(inbox, lines)),
    );
    return receivers.filter((count) => count === 0).length;
  }
}
