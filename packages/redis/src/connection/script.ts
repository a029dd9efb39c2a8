import { createHash } from 'node:crypto';
import type { Connection } from './connection.ts';

/** What a script returns: strings, integers, lists. */
export type ScriptReply = string | number | null | ScriptReply[];

/** A Lua script of this package, sent by its hash; a server that does not know it yet (restart, failover) gets the text. */
export class Script {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha = createHash('sha1').update(source).digest('hex');
  }

  /** Runs it on the server that holds `keys` (all in one slot). */
  run(
    connection: Connection,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<ScriptReply> {
    return connection.run(async (client) => {
      try {
        return (await client.evalsha(this.#sha, keys.length, ...keys, ...args)) as ScriptReply;
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return (await client.eval(this.#source, keys.length, ...keys, ...args)) as ScriptReply;
      }
    });
  }
}
