import { Limits } from '@chatplatform/protocol';
import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import { LogKeys, type Keys } from '../keys.ts';
import { receiptsMark, receiptsOf } from '../lua/scripts.generated.ts';
import type { MarkRequest, Receipts, Watermarks } from './receipts.ts';
import { watermarksOf } from './watermarks.ts';

const MARK = new Script(receiptsMark);
const OF = new Script(receiptsOf);

/** {@link Receipts} in Redis. */
export class RedisReceipts implements Receipts {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #logKeys: LogKeys;

  constructor(options: { connection: Connection; keys: Keys; prefix: string; epoch: string }) {
    this.#connection = options.connection;
    this.#keys = options.keys;
    this.#logKeys = new LogKeys(options.prefix, options.epoch);
  }

  async mark({ room, marks, keepMs }: MarkRequest): Promise<Map<string, Watermarks>> {
    if (marks.size === 0) return new Map();
    const args: (string | number)[] = [Limits.smallRoomMembers, keepMs];
    for (const [user, { delivered = '', read = '' }] of marks) args.push(user, delivered, read);
    const reply = (await MARK.run(this.#connection, this.#pair(room), args)) as string[];
    const rose = new Map<string, Watermarks>();
    for (let at = 0; at < reply.length; at += 3) {
      const [user = '', delivered = '', read = ''] = reply.slice(at, at + 3);
      rose.set(user, watermarksOf(delivered, read));
    }
    return rose;
  }

  async of(room: string): Promise<Map<string, Watermarks>> {
    const reply = (await OF.run(this.#connection, this.#pair(room), [Limits.smallRoomMembers])) as string[];
    const all = new Map<string, Watermarks>();
    for (let at = 0; at < reply.length; at += 2) {
      const [delivered = '', read = ''] = (reply[at + 1] ?? '').split(',');
      all.set(reply[at] ?? '', watermarksOf(delivered, read));
    }
    return all;
  }

  #pair(room: string): [string, string] {
    return [this.#logKeys.receipts(room), this.#keys.presence(room)];
  }
}
