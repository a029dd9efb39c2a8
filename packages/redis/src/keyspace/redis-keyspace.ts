import { Cluster, type Redis as Standalone } from 'ioredis';
import type { Random } from '@chatplatform/runtime';
import type { Client } from '../connection/client.ts';
import type { Connection } from '../connection/connection.ts';
import type { Keys } from '../keys.ts';
import { CanaryWatch, generationOf, type Sighting } from './canaries.ts';
import type { Keyspace, KeyspaceLook } from './keyspace.ts';
import { SLOTS, slotOf } from './slot.ts';

/** One canary in every 256th of the slots: a primary that holds at least 512 slots in a row holds one. */
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
  readonly #watch = new CanaryWatch();

  constructor(connection: Connection, random: Random, keys: Keys) {
    this.#connection = connection;
    this.#random = random;
    this.#canaries = (connection.cluster ? spreadTags() : ['0']).map((tag) => keys.canary(tag));
    this.#rebuilt = keys.rebuilt();
  }

  async state(): Promise<KeyspaceLook> {
    const sighting = await this.#look();
    const complete = sighting.canaries.every((canary) => canary?.startsWith(COMPLETE) === true);
    return { state: this.#watch.judge(sighting), complete, generation: generationOf(sighting) };
  }

  async establish({ complete }: { complete: boolean }): Promise<void> {
    const value = `${complete ? COMPLETE : PARTIAL}${this.#random.id(16)}`;
    await this.#connection.run((client) =>
      Promise.all(this.#canaries.map((key) => client.set(key, value, 'NX'))),
    );
  }

  async rebuiltIn(part: string): Promise<string | undefined> {
    const mark = await this.#connection.run((client) => client.hget(this.#rebuilt, part));
    return mark ?? undefined;
  }

  async markRebuilt(part: string, generation: string): Promise<void> {
    await this.#connection.run((client) => client.hset(this.#rebuilt, part, generation));
    await this.#connection.run((client) => client.pexpire(this.#rebuilt, MARK_KEEP_MS));
  }

  #look(): Promise<Sighting> {
    return this.#connection.run(async (client) => ({
      canaries: await Promise.all(this.#canaries.map((key) => client.get(key))),
      replicationIds: await Promise.all(primaries(client).map(replicationId)),
    }));
  }
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
