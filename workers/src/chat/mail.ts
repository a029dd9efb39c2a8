import { encodeInboxLine, type InboxItem, type InboxLine, type InboxPublisher } from '@chatplatform/redis';

/** Lines for gateways, collected over a batch and sent with one publish per gateway. */
export class Mail {
  readonly #boxes = new Map<string, InboxLine[]>();

  /** The item is encoded once, whatever the number of gateways. */
  add(gateways: readonly string[], item: InboxItem): void {
    if (gateways.length === 0) return;
    const line = encodeInboxLine(item);
    for (const gateway of gateways) {
      const box = this.#boxes.get(gateway);
      if (box === undefined) this.#boxes.set(gateway, [line]);
      else box.push(line);
    }
  }

  /** Sends everything; returns to how many gateways nobody listened. Rejects when one publish failed. */
  async send(publisher: InboxPublisher): Promise<number> {
    const receivers = await Promise.all(
      Array.from(this.#boxes, ([gateway, lines]) => publisher.publish(gateway, lines)),
    );
    return receivers.filter((count) => count === 0).length;
  }
}
