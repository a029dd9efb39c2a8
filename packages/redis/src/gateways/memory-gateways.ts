import type { MemoryData, MemoryDevice } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import { sweepMemorySessions } from '../sessions/memory-sessions.ts';
import { SESSION_KEEP_MS } from '../sessions/sessions.ts';
import { LEASE_MS, type GatewayInfo, type Gateways, type Swept } from './gateways.ts';
import { LIVE_MAX_AGE_MS, LiveCache } from './live-cache.ts';

/** {@link Gateways} in memory. */
export class MemoryGateways implements Gateways {
  readonly #server: MemoryServer;
  readonly #cache: LiveCache;

  constructor(server: MemoryServer) {
    this.#server = server;
    this.#cache = new LiveCache(server.clock, () => server.run(liveOnes));
  }

  lease(incarnation: string, info: GatewayInfo): Promise<{ lost: boolean }> {
    return this.#server.run((data, now) => {
      const lost = (data.leases.get(incarnation)?.until ?? 0) <= now;
      data.leases.set(incarnation, { until: now + LEASE_MS, info });
      if (lost) this.#cache.forget();
      return { lost };
    });
  }

  release(incarnation: string): Promise<void> {
    this.#cache.forget();
    return this.#server.run((data) => void data.leases.delete(incarnation));
  }

  live(maxAgeMs = LIVE_MAX_AGE_MS): Promise<ReadonlySet<string>> {
    return this.#cache.get(maxAgeMs);
  }

  list(): Promise<Map<string, GatewayInfo>> {
    return this.#server.run((data, now) => {
      const live = [...data.leases].filter(([, lease]) => lease.until > now);
      return new Map(live.map(([incarnation, lease]) => [incarnation, lease.info]));
    });
  }

  ended(graceMs: number): Promise<string[]> {
    return this.#server.run((data, now) =>
      [...data.leases]
        .filter(([, lease]) => lease.until <= now - graceMs)
        .map(([incarnation]) => incarnation),
    );
  }

  sweep(incarnation: string): Promise<Swept> {
    return this.#server.run((data, now) => {
      const live = liveOnes(data, now);
      if (live.has(incarnation)) return { rooms: [], sids: [] };
      const rooms = [...(data.gatewayRooms.get(incarnation) ?? [])].map((room) => {
        data.routes.get(room)?.delete(incarnation);
        return { room, left: sweepRoom(data, room, incarnation, live) };
      });
      data.gatewayRooms.delete(incarnation);
      const sids = sweepMemorySessions(data, incarnation, now + SESSION_KEEP_MS);
      data.leases.delete(incarnation);
      this.#cache.forget();
      return { rooms, sids };
    });
  }
}

function liveOnes(data: MemoryData, now: number): Set<string> {
  return new Set(
    [...data.leases].filter(([, lease]) => lease.until > now).map(([incarnation]) => incarnation),
  );
}

function sweepRoom(data: MemoryData, room: string, incarnation: string, live: ReadonlySet<string>): string[] {
  const left: string[] = [];
  const users = data.presence.get(room) ?? new Map<string, Map<string, MemoryDevice>>();
  for (const [user, devices] of users) {
    const own = [...devices].filter(([, device]) => device.incarnation === incarnation);
    for (const [sid] of own) devices.delete(sid);
    if (devices.size === 0) users.delete(user);
    const stays = [...devices.values()].some((device) => live.has(device.incarnation));
    if (own.length > 0 && !stays) left.push(user);
  }
  return left;
}
