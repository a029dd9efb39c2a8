import type { Connection } from '../connection/connection.ts';
import { GatheredMembers, GatheredScript } from '../connection/gathered.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import {
  sessionsAssert,
  sessionsChange,
  sessionsEnlist,
  sessionsForgetDevice,
  sessionsResume,
} from '../lua/scripts.generated.ts';
import { SESSION_KEEP_MS, type Holder, type Resumed, type Session, type Sessions } from './sessions.ts';

const RESUME = new Script(sessionsResume);
const CHANGE = new Script(sessionsChange);
const ENLIST = new Script(sessionsEnlist);
const ASSERT = new Script(sessionsAssert);
const FORGET_DEVICE = new Script(sessionsForgetDevice);

/** Stands for "whatever the generation" in change.lua. */
const ANY_GENERATION = '*';

/** {@link Sessions} in Redis: `s:{sid}`, `u:{user}`, and `gs:{gw}` for the sweeper (written first, removed last). */
export class RedisSessions implements Sessions {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #registers: GatheredMembers;
  readonly #enlists: GatheredScript;
  readonly #asserts: GatheredScript;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
    this.#registers = new GatheredMembers(connection);
    this.#enlists = new GatheredScript(connection, ENLIST);
    this.#asserts = new GatheredScript(connection, ASSERT);
  }

  async create(
    sid: string,
    session: { user: string; incarnation: string; enlisted?: boolean },
  ): Promise<{ generation: number }> {
    if (session.enlisted !== true) await this.#register(sid, session);
    await this.#assertRecord(sid, [session.user, session.incarnation, 1]);
    if (session.enlisted !== true) await this.#list(sid, session);
    return { generation: 1 };
  }

  async resume(
    sid: string,
    claim: { user: string; incarnation: string; generation: number },
  ): Promise<Resumed> {
    await this.#register(sid, claim);
    const args = [claim.user, claim.incarnation, claim.generation];
    const reply = (await RESUME.run(this.#connection, [this.#keys.session(sid)], args)) as (
      | string
      | number
    )[];
    if (reply[0] === 0) {
      const reason = reply[1] as 'superseded' | 'user';
      if (reason === 'user') await this.#unregister(sid, claim.user, claim.incarnation);
      else await this.#leave(sid, claim.user, { holder: claim, own: false });
      return { accepted: false, reason };
    }
    await this.#list(sid, claim);
    const previous = reply.length > 2 ? toSession(reply.slice(2).map(String)) : undefined;
    return { accepted: true, generation: reply[1] as number, ...(previous ? { previous } : {}) };
  }

  async enlist(
    sid: string,
    session: { user: string; incarnation: string },
    { max, live }: { max: number; live: ReadonlySet<string> },
  ): Promise<boolean> {
    const { user, incarnation } = session;
    await this.#register(sid, session);
    const call = { keys: [this.#keys.userSessions(user)], args: [sid, incarnation, max] };
    const counts = (await this.#enlists.ask(call, live)) === 1;
    if (!counts) await this.#unregister(sid, user, incarnation);
    return counts;
  }

  markMoving(sid: string, holder: Holder): Promise<boolean> {
    return this.#change(sid, holder, 'moving');
  }

  markConnected(sid: string, holder: Holder): Promise<boolean> {
    return this.#change(sid, holder, 'connected');
  }

  async suspend(sid: string, holder: Holder, keepMs: number): Promise<boolean> {
    const user = await this.#connection.run((client) => client.hget(this.#keys.session(sid), 'user'));
    const own = await this.#change(sid, holder, 'suspend', keepMs);
    if (user !== null) await this.#leave(sid, user, { holder, own });
    return own;
  }

  async remove(sid: string, user: string, holder: Holder): Promise<boolean> {
    const own = await this.#change(sid, holder, 'remove');
    await this.#leave(sid, user, { holder, own });
    return own;
  }

  async assert(sid: string, user: string, holder: Holder): Promise<boolean> {
    const of = { user, incarnation: holder.incarnation };
    await this.#register(sid, of);
    const own = await this.#assertRecord(sid, [user, holder.incarnation, holder.generation]);
    if (own) await this.#list(sid, of);
    else await this.#leave(sid, user, { holder, own });
    return own;
  }

  async get(sid: string): Promise<Session | undefined> {
    const fields = await this.#connection.run((client) =>
      client.hmget(this.#keys.session(sid), 'user', 'incarnation', 'generation', 'state'),
    );
    return fields[0] === null ? undefined : toSession(fields as string[]);
  }

  async ofUser(user: string): Promise<Map<string, string>> {
    const all = await this.#connection.run((client) => client.hgetall(this.#keys.userSessions(user)));
    return new Map(Object.entries(all));
  }

  async heldBy(incarnation: string): Promise<Map<string, string>> {
    const key = this.#keys.gatewaySessions(incarnation);
    const members = await this.#connection.run((client) => client.smembers(key));
    return new Map(
      members.map((member) => {
        const [sid = '', user = ''] = member.split(' ');
        return [sid, user];
      }),
    );
  }

  /** Suspends what a dead gateway held; returns the sessions. */
  async sweep(incarnation: string): Promise<string[]> {
    const swept: string[] = [];
    for (const [sid, user] of await this.heldBy(incarnation)) {
      const args = [incarnation, ANY_GENERATION, 'suspend', SESSION_KEEP_MS];
      const own = (await CHANGE.run(this.#connection, [this.#keys.session(sid)], args)) === 1;
      await this.#unregister(sid, user, incarnation);
      if (own) swept.push(sid);
    }
    return swept;
  }

  async #change(sid: string, holder: Holder, action: string, keepMs = 0): Promise<boolean> {
    const args = [holder.incarnation, holder.generation, action, keepMs];
    return (await CHANGE.run(this.#connection, [this.#keys.session(sid)], args)) === 1;
  }

  /** Ends the registers of a holder, unless the same gateway has the session in a newer generation. */
  async #leave(sid: string, user: string, { holder, own }: { holder: Holder; own: boolean }): Promise<void> {
    if (!own) {
      const key = this.#keys.session(sid);
      const now = await this.#connection.run((client) => client.hget(key, 'incarnation'));
      if (now === holder.incarnation) return;
    }
    await this.#unregister(sid, user, holder.incarnation);
  }

  async #assertRecord(sid: string, args: [user: string, incarnation: string, generation: number]) {
    return (await this.#asserts.ask({ keys: [this.#keys.session(sid)], args })) === 1;
  }

  #register(sid: string, { user, incarnation }: { user: string; incarnation: string }): Promise<void> {
    return this.#registers.add(this.#keys.gatewaySessions(incarnation), [`${sid} ${user}`]);
  }

  async #list(sid: string, { user, incarnation }: { user: string; incarnation: string }): Promise<void> {
    await this.#connection.run((client) => client.hset(this.#keys.userSessions(user), sid, incarnation));
  }

  async #unregister(sid: string, user: string, incarnation: string): Promise<void> {
    await FORGET_DEVICE.run(this.#connection, [this.#keys.userSessions(user)], [sid, incarnation]);
    await this.#connection.run((client) =>
      client.srem(this.#keys.gatewaySessions(incarnation), `${sid} ${user}`),
    );
  }
}

function toSession([user = '', incarnation = '', generation, state]: string[]): Session {
  return { user, incarnation, generation: Number(generation), state: state as Session['state'] };
}
