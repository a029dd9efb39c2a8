import type { Connection } from '../connection/connection.ts';
import { GatheredScript } from '../connection/gathered.ts';
import { Script } from '../connection/script.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Keys } from '../keys.ts';
import {
  presenceCount,
  presenceHeldBy,
  presenceJoin,
  presenceLeave,
  presenceSetInfo,
} from '../lua/scripts.generated.ts';
import { namesAfter, presentOf } from './page.ts';
import type { Device, Joined, Presence, Present } from './presence.ts';

const JOIN = new Script(presenceJoin);
const LEAVE = new Script(presenceLeave);
const SET_INFO = new Script(presenceSetInfo);
const COUNT = new Script(presenceCount);
const HELD_BY = new Script(presenceHeldBy);

/** sid → [incarnation, since, info, info time] */
type StoredDevices = Record<string, [string, number, string, number]>;

/** {@link Presence} in Redis. */
export class RedisPresence implements Presence {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #gateways: Gateways;
  readonly #joins: GatheredScript;

  constructor(connection: Connection, keys: Keys, gateways: Gateways) {
    this.#connection = connection;
    this.#keys = keys;
    this.#gateways = gateways;
    this.#joins = new GatheredScript(connection, JOIN);
  }

  async join(room: string, device: Device & { readonly info?: string | undefined }): Promise<Joined> {
    const args = [device.user, device.sid, device.incarnation, device.info ?? ''];
    const reply = await this.#joins.ask({ keys: this.#pair(room), args }, await this.#live());
    const [first, rose, occ] = reply as [number, number, number];
    return { first: first === 1, rose: rose === 1, occ };
  }

  async leave(room: string, device: Device): Promise<{ last: boolean; occ: number }> {
    const args = [device.user, device.sid, device.incarnation, ...(await this.#live())];
    const [last, occ] = (await LEAVE.run(this.#connection, this.#pair(room), args)) as [number, number];
    return { last: last === 1, occ };
  }

  async setInfo(room: string, device: Device, info: string | null): Promise<void> {
    const args = [device.user, device.sid, device.incarnation, info ?? ''];
    await SET_INFO.run(this.#connection, [this.#keys.presence(room)], args);
  }

  /** Names are read whole and sorted here: pages stay stable while people come and go, which HSCAN cannot give. */
  async who(
    room: string,
    page: { after?: string | undefined; max: number },
  ): Promise<{ users: Present[]; occ: number; next?: string }> {
    const live = await this.#gateways.live();
    const key = this.#keys.presence(room);
    const occ = await this.count(room);
    const names = namesAfter(await this.#connection.run((client) => client.hkeys(key)), page.after);
    const users: Present[] = [];
    for (let at = 0; at < names.length && users.length < page.max; at += page.max) {
      const some = names.slice(at, at + page.max);
      const stored = await this.#connection.run((client) => client.hmget(key, ...some));
      users.push(...some.flatMap((user, index) => read(user, stored[index], live)));
    }
    const shown = users.slice(0, page.max);
    const next = shown.at(-1)?.user;
    const more = next !== undefined && (users.length > page.max || next !== names.at(-1));
    return { users: shown, occ, ...(more && shown.length === page.max ? { next } : {}) };
  }

  async count(room: string): Promise<number> {
    return (await COUNT.run(this.#connection, this.#pair(room), [...(await this.#live())])) as number;
  }

  async heldBy(room: string, incarnation: string): Promise<{ user: string; sid: string }[]> {
    const keys = [this.#keys.presence(room)];
    const reply = (await HELD_BY.run(this.#connection, keys, [incarnation])) as string[];
    return reply.flatMap((user, at) => (at % 2 === 0 ? [{ user, sid: reply[at + 1] ?? '' }] : []));
  }

  async #live(): Promise<ReadonlySet<string>> {
    return this.#gateways.live();
  }

  #pair(room: string): [string, string] {
    return [this.#keys.presence(room), this.#keys.presenceCounts(room)];
  }
}

function read(user: string, text: string | null | undefined, live: ReadonlySet<string>): Present[] {
  if (text === null || text === undefined) return [];
  const devices = Object.values(JSON.parse(text) as StoredDevices).map(
    ([incarnation, since, info, infoAt]) => ({
      incarnation,
      since,
      info,
      infoAt,
    }),
  );
  const present = presentOf(user, devices, live);
  return present ? [present] : [];
}
