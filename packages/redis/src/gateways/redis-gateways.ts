import type { Clock } from '@chatplatform/runtime';
import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import { gatewaysLease, gatewaysLeases, gatewaysSweepRoom } from '../lua/scripts.generated.ts';
import type { RedisSessions } from '../sessions/redis-sessions.ts';
import { LEASE_MS, type GatewayInfo, type Gateways, type Swept } from './gateways.ts';
import { LIVE_MAX_AGE_MS, LiveCache } from './live-cache.ts';

const LEASE = new Script(gatewaysLease);
const LEASES = new Script(gatewaysLeases);
const SWEEP_ROOM = new Script(gatewaysSweepRoom);
/** Ends by itself when a gateway that said it is swept by nobody. */
const INFO_KEEP_MS = 24 * 3_600_000;

/** {@link Gateways} in Redis; all time is that of the server that holds `gws`. */
export class RedisGateways implements Gateways {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #sessions: RedisSessions;
  readonly #cache: LiveCache;

  constructor(options: { connection: Connection; clock: Clock; keys: Keys; sessions: RedisSessions }) {
    this.#connection = options.connection;
    this.#keys = options.keys;
    this.#sessions = options.sessions;
    this.#cache = new LiveCache(options.clock, async () => new Set(await this.#leases('live', 0)));
  }

  async lease(incarnation: string, info: GatewayInfo): Promise<{ lost: boolean }> {
    const key = this.#keys.gateway(incarnation);
    await this.#connection.run((client) => client.set(key, JSON.stringify(info), 'PX', INFO_KEEP_MS));
    const lost = (await LEASE.run(this.#connection, [this.#keys.leases()], [incarnation, LEASE_MS])) === 1;
    if (lost) this.#cache.forget();
    return { lost };
  }

  async release(incarnation: string): Promise<void> {
    await this.#connection.run((client) => client.zrem(this.#keys.leases(), incarnation));
    await this.#connection.run((client) => client.del(this.#keys.gateway(incarnation)));
    this.#cache.forget();
  }

  live(maxAgeMs = LIVE_MAX_AGE_MS): Promise<ReadonlySet<string>> {
    return this.#cache.get(maxAgeMs);
  }

  async list(): Promise<Map<string, GatewayInfo>> {
    const live = await this.#leases('live', 0);
    const infos = await this.#connection.run((client) =>
      Promise.all(live.map((incarnation) => client.get(this.#keys.gateway(incarnation)))),
    );
    const known = live.flatMap((incarnation, at): [string, GatewayInfo][] => {
      const text = infos[at];
      return typeof text === 'string' ? [[incarnation, JSON.parse(text) as GatewayInfo]] : [];
    });
    return new Map(known);
  }

  ended(graceMs: number): Promise<string[]> {
    return this.#leases('ended', graceMs);
  }

  async sweep(incarnation: string): Promise<Swept> {
    const live = await this.#leases('live', 0);
    if (live.includes(incarnation)) return { rooms: [], sids: [] };
    const gatewayRooms = this.#keys.gatewayRooms(incarnation);
    const rooms: { room: string; left: string[] }[] = [];
    for (const room of await this.#connection.run((client) => client.smembers(gatewayRooms))) {
      const keys = [this.#keys.presence(room), this.#keys.presenceCounts(room), this.#keys.routes(room)];
      const left = (await SWEEP_ROOM.run(this.#connection, keys, [incarnation, ...live])) as string[];
      rooms.push({ room, left });
      await this.#connection.run((client) => client.srem(gatewayRooms, room));
    }
    const sids = await this.#sessions.sweep(incarnation);
    await this.release(incarnation);
    return { rooms, sids };
  }

  async #leases(which: 'live' | 'ended', graceMs: number): Promise<string[]> {
    return (await LEASES.run(this.#connection, [this.#keys.leases()], [which, graceMs])) as string[];
  }
}
