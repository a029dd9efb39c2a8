import { sameLog, type Position } from '@chatplatform/protocol/light';
import type { ReceiptPush } from '@chatplatform/protocol';

/**
 * Up to where the members of a room have got and read its messages. Both only rise.
 *
 * @example
 * ```ts
 * const room = client.join('team:42', { classes: ['msg', 'receipt'] });
 * const { id } = await room.publish({ text: 'hello' });
 * room.on('receipt', () => {
 *   if (id !== undefined) console.log('read by', room.receipts.readBy(id));
 * });
 * ```
 */
export class Receipts {
  readonly #delivered = new Map<string, Position>();
  readonly #read = new Map<string, Position>();

  /** By user: the id up to which every message was delivered to one of the user's devices. */
  get delivered(): ReadonlyMap<string, Position> {
    return this.#delivered;
  }

  /** By user: the id up to which the user has read. */
  get read(): ReadonlyMap<string, Position> {
    return this.#read;
  }

  /** Users to whom this message was delivered. */
  deliveredTo(id: Position): string[] {
    return reached(this.#delivered, id);
  }

  /** Users who have read this message. */
  readBy(id: Position): string[] {
    return reached(this.#read, id);
  }

  /** @internal Takes watermarks in; those that rose. */
  take({ delivered = {}, read = {} }: Pick<ReceiptPush, 'delivered' | 'read'>): {
    delivered: Record<string, Position>;
    read: Record<string, Position>;
  } {
    return { delivered: raise(this.#delivered, delivered), read: raise(this.#read, read) };
  }
}

function raise(known: Map<string, Position>, news: Record<string, Position>): Record<string, Position> {
  const risen = Object.entries(news).filter(([user, id]) => {
    const before = known.get(user);
    return before === undefined || !sameLog(before, id) || id > before;
  });
  for (const [user, id] of risen) known.set(user, id);
  return Object.fromEntries(risen);
}

function reached(marks: ReadonlyMap<string, Position>, id: Position): string[] {
  return [...marks].filter(([, mark]) => sameLog(mark, id) && mark >= id).map(([user]) => user);
}
