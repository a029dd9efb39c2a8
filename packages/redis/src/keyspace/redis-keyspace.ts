import { Cluster, type Redis as Standalone } from 'ioredis';
import type { Random } from '@chatplatform/runtime';
import type { Client } from '../connection/client.ts';
import type { Connection } from '../connection/connection.ts';
import { Gathered } from '../connection/gathered.ts';
import type { Keys } from '../keys.ts';
import { CanaryWatch, generationOf, lifeOf, type Sighting } from './canaries.ts';
import type { Generation, Horizon, Keyspace, KeyspaceLook } from './keyspace.ts';
import { SLOTS, slotOf } from './slot.ts';

/** One canary in each of so many shares of the slots: a primary that holds at least 512 slots in a row holds one. */
const TAGS = 64;
const COMPLETE = '+';
const PARTIAL = '-';
/** A mark nobody renewed for that long ends; its partition is then rebuilt once more than it had to be. */
const MARK_KEEP_MS = 30 * 86_400_000;

/** {@link Keyspace} in Redis. */
export class RedisKeyspace implements Keyspace {
  readonly #connection: Connection;
  readonly #random: Random;
  readonly #canaries: string[];
  readonly #rebuilt: string;
  readonly #horizon: string;
  readonly #watch = new CanaryWatch();
  readonly #horizons: Gathered<Asked, number | undefined>;
  /** The canaries as last seen when all of them were looked at for horizons. */
  #seen: Sighting['canaries'] = [];

  constructor(connection: Connection, random: Random, keys: Keys) {
    this.#connection = connection;
    this.#random = random;
    this.#canaries = (connection.cluster ? spreadTags() : ['0']).map((tag) => keys.canary(tag));
    this.#rebuilt = keys.rebuilt();
    this.#horizon = keys.horizon();
    this.#horizons = new Gathered((asked) => this.#readHorizons(asked));
  }

  async state(): Promise<KeyspaceLook> {
    const sighting = await this.#look();
    return {
      state: this.#watch.judge(sighting),
      complete: isComplete(sighting.canaries),
      generation: generationOf(sighting),
    };
  }

  async establish({ complete }: { complete: boolean }): Promise<void> {
    const value = `${complete ? COMPLETE : PARTIAL}${this.#random.id(16)}`;
    await this.#connection.run((client) =>
      Promise.all(this.#canaries.map((key) => client.set(key, value, 'NX'))),
    );
  }

  async rebuiltIn(part: string): Promise<Generation | undefined> {
    const mark = await this.#connection.run((client) => client.hget(this.#rebuilt, part));
    const [life, name] = mark?.split(' ') ?? [];
    return life === undefined || name === undefined ? undefined : { life, name };
  }

  async markRebuilt(part: string, { life, name }: Generation): Promise<void> {
    await this.#connection.run((client) => client.hset(this.#rebuilt, part, `${life} ${name}`));
    await this.#connection.run((client) => client.pexpire(this.#rebuilt, MARK_KEEP_MS));
  }

  async horizon(part: string): Promise<Horizon | undefined> {
    return toHorizon(await this.#connection.run((client) => client.hget(this.#horizon, part)));
  }

  async setHorizon(part: string, { life, offset }: Horizon): Promise<void> {
    await this.#connection.run((client) => client.hset(this.#horizon, part, `${life} ${offset}`));
  }

  horizonOf(room: string, part: string): Promise<number | undefined> {
    return this.#horizons.ask({ guards: this.#guardsOf(room), part });
  }

  /** The canaries of which one at least is on the primary that holds the room, wherever its slots begin and end. */
  #guardsOf(room: string): number[] {
    if (!this.#connection.cluster) return [0];
    const share = Math.floor((slotOf(room) * TAGS) / SLOTS);
    return [share - 1, share, share + 1].filter((at) => at >= 0 && at < TAGS);
  }

  /** While the canaries near the rooms are those seen before, what was known then still holds for these rooms. */
  async #readHorizons(asked: readonly Asked[]): Promise<(number | undefined)[]> {
    const near = [...new Set(asked.flatMap(({ guards }) => guards))];
    const now = await this.#readCanaries(near.map((at) => this.#canaries[at] as string));
    const known = near.every((at, index) => now[index] !== null && now[index] === this.#seen[at]);
    if (!known) this.#seen = await this.#readCanaries(this.#canaries);
    const life = lifeOf(this.#seen);
    if (life === undefined) return asked.map(() => undefined);
    if (isComplete(this.#seen)) return asked.map(() => 0);
    const parts = [...new Set(asked.map(({ part }) => part))];
    const stored = await this.#connection.run((client) => client.hmget(this.#horizon, ...parts));
    const horizons = new Map(parts.map((part, at) => [part, toHorizon(stored[at] ?? null)]));
    return asked.map(({ part }) => {
      const horizon = horizons.get(part);
      return horizon?.life === life ? horizon.offset : undefined;
    });
  }

  async #look(): Promise<Sighting> {
    const canaries = await this.#readCanaries(this.#canaries);
    return this.#connection.run(async (client) => ({
      canaries,
      replicationIds: await Promise.all(primaries(client).map(replicationId)),
    }));
  }

  #readCanaries(keys: readonly string[]): Promise<(string | null)[]> {
    return this.#connection.run((client) => Promise.all(keys.map((key) => client.get(key))));
  }
}

/** A room of a partition, by the canaries near it. */
interface Asked {
  readonly guards: readonly number[];
  readonly part: string;
}

function isComplete(canaries: Sighting['canaries']): boolean {
  return canaries.every((canary) => canary?.startsWith(COMPLETE) === true);
}

function toHorizon(stored: string | null): Horizon | undefined {
  const [life, offset] = stored?.split(' ') ?? [];
  return life === undefined || offset === undefined ? undefined : { life, offset: Number(offset) };
}

function primaries(client: Client): Standalone[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

async function replicationId(node: Standalone): Promise<string> {
  const info = await node.info('replication');
  return /^master_replid:(\S+)/m.exec(info)?.[1] ?? '';
}

/** For every 256th of the slots the first number whose slot lies in it. */
function spreadTags(): string[] {
  const found = new Map<number, string>();
  for (let n = 0; found.size < TAGS; n += 1) {
    const share = Math.floor((slotOf(String(n)) * TAGS) / SLOTS);
    if (!found.has(share)) found.set(share, String(n));
  }
  return [...found.values()];
}
