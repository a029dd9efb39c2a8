import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import { revocationsAdd, revocationsRead } from '../lua/scripts.generated.ts';
import type { Revocation, Revocations } from './revocations.ts';

const ADD = new Script(revocationsAdd);
const READ = new Script(revocationsRead);
/** Entries per call of the script: its arguments go over Lua's stack. */
const ADD_BATCH = 500;

/** {@link Revocations} in Redis: one sorted set, so that version and entries change together. */
export class RedisRevocations implements Revocations {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async add(entries: readonly Revocation[]): Promise<void> {
    for (let from = 0; from < entries.length; from += ADD_BATCH) {
      const batch = entries.slice(from, from + ADD_BATCH);
      const args = batch.flatMap(({ member, until }) => [until, member]);
      await ADD.run(this.#connection, [this.#keys.revoked()], args);
    }
  }

  async read(known: string | undefined): Promise<{ version: string; entries: Revocation[] } | undefined> {
    const reply = await READ.run(this.#connection, [this.#keys.revoked()], [known ?? '']);
    const [version, flat] = reply as [string, string[]?];
    if (flat === undefined) return undefined;
    const entries: Revocation[] = [];
    for (let at = 0; at < flat.length; at += 2) {
      entries.push({ member: flat[at] ?? '', until: Number(flat[at + 1]) });
    }
    return { version, entries };
  }
}
