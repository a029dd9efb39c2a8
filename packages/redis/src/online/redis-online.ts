import type { Connection } from '../connection/connection.ts';
import { Gathered } from '../connection/gathered.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import { onlineDue, onlineNote, onlineSettle, onlineTold, onlineTurn } from '../lua/scripts.generated.ts';
import { COMING_MS, GOING_MS, type DueUser, type Online } from './online.ts';

const NOTE = new Script(onlineNote);
const DUE = new Script(onlineDue);
const SETTLE = new Script(onlineSettle);
const TURN = new Script(onlineTurn);
const TOLD = new Script(onlineTold);

/** {@link Online} in Redis: `due` (entries `+user` and `-user` by time) and `on:{user}`. */
export class RedisOnline implements Online {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #notes: Gathered<{ users: readonly string[]; what: 'came' | 'went' }, void>;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
    this.#notes = new Gathered((all) => this.#noteAll(all));
  }

  async note(users: readonly string[], what: 'came' | 'went'): Promise<void> {
    if (users.length > 0) await this.#notes.ask({ users, what });
  }

  async #noteAll(all: readonly { users: readonly string[]; what: 'came' | 'went' }[]): Promise<void[]> {
    // In their order: who came and went at once is looked at as one who went.
    const entries = all.flatMap(({ users, what }) =>
      users.map((user) => (what === 'came' ? `+${user}` : `-${user}`)),
    );
    await NOTE.run(this.#connection, [this.#keys.due()], [COMING_MS, GOING_MS, ...entries]);
    return [];
  }

  async due(max: number): Promise<DueUser[]> {
    const flat = (await DUE.run(this.#connection, [this.#keys.due()], [max])) as string[];
    return Array.from({ length: flat.length / 2 }, (_, at) => {
      const [entry = '', score = ''] = flat.slice(2 * at);
      return { user: entry.slice(1), mark: `${entry} ${score}` };
    });
  }

  async turn(user: string, online: boolean): Promise<number | undefined> {
    const at = await TURN.run(this.#connection, [this.#keys.online(user)], [online ? '1' : '0']);
    return at === null ? undefined : Number(at);
  }

  async told(user: string, at: number): Promise<void> {
    await TOLD.run(this.#connection, [this.#keys.online(user)], [String(at)]);
  }

  async settle({ mark }: DueUser): Promise<void> {
    await SETTLE.run(this.#connection, [this.#keys.due()], mark.split(' '));
  }
}
