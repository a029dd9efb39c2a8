import { Limits } from '@chatplatform/protocol';
import { ensure, type MemoryData, type MemoryReceipts as Stored } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import type { MarkRequest, Receipts, Watermarks } from './receipts.ts';
import { watermarksOf } from './watermarks.ts';

/** {@link Receipts} in memory; the rules of mark.lua. Positions of one room compare as strings. */
export class MemoryReceipts implements Receipts {
  readonly #server: MemoryServer;
  readonly #epoch: string;

  constructor(server: MemoryServer, epoch: string) {
    this.#server = server;
    this.#epoch = epoch;
  }

  mark({ room, marks, keepMs }: MarkRequest): Promise<Map<string, Watermarks>> {
    return this.#server.run((data, now) => {
      const rose = new Map<string, Watermarks>();
      if (isLarge(data, room)) return rose;
      const users = this.#usersOf(data, room, now);
      for (const [user, mark] of marks) {
        const raised = raise(users, user, mark);
        if (raised !== undefined) rose.set(user, raised);
      }
      if (rose.size > 0) {
        forgetThoseBehind(users);
        data.receipts.set(this.#key(room), { users, until: now + keepMs });
      }
      return rose;
    });
  }

  of(room: string): Promise<Map<string, Watermarks>> {
    return this.#server.run((data, now) => {
      if (isLarge(data, room)) return new Map<string, Watermarks>();
      const users = this.#usersOf(data, room, now);
      return new Map([...users].map(([user, { delivered, read }]) => [user, watermarksOf(delivered, read)]));
    });
  }

  #usersOf(data: MemoryData, room: string, now: number): Stored['users'] {
    const stored = data.receipts.get(this.#key(room));
    return stored !== undefined && stored.until > now ? stored.users : new Map();
  }

  #key(room: string): string {
    return `${this.#epoch}:${room}`;
  }
}

function isLarge(data: MemoryData, room: string): boolean {
  return (data.presence.get(room)?.size ?? 0) > Limits.smallRoomMembers;
}

function raise(users: Stored['users'], user: string, asked: Watermarks): Watermarks | undefined {
  const { read = '' } = asked;
  const delivered = read > (asked.delivered ?? '') ? read : (asked.delivered ?? '');
  const old = users.get(user) ?? { delivered: '', read: '' };
  const rose = watermarksOf(delivered > old.delivered ? delivered : '', read > old.read ? read : '');
  if (rose.delivered === undefined && rose.read === undefined) return undefined;
  const mark = ensure(users, user, () => ({ delivered: '', read: '' }));
  Object.assign(mark, rose);
  return rose;
}

function forgetThoseBehind(users: Stored['users']): void {
  const order = [...users].sort(([, a], [, b]) => (a.delivered < b.delivered ? -1 : 1));
  for (const [user] of order.slice(0, Math.max(0, users.size - Limits.smallRoomMembers))) users.delete(user);
}
