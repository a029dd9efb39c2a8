import type { Gateways } from '../gateways/gateways.ts';
import { ensure, type MemoryData, type MemoryDevice } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import { namesAfter, presentOf } from './page.ts';
import type { Device, Joined, Presence, Present } from './presence.ts';

type Devices = Map<string, MemoryDevice>;

/** {@link Presence} in memory. */
export class MemoryPresence implements Presence {
  readonly #server: MemoryServer;
  readonly #gateways: Gateways;

  constructor(server: MemoryServer, gateways: Gateways) {
    this.#server = server;
    this.#gateways = gateways;
  }

  async join(room: string, device: Device & { readonly info?: string | undefined }): Promise<Joined> {
    const live = new Set([...(await this.#gateways.live()), device.incarnation]);
    return this.#server.run((data, now) => {
      const users = ensure(data.presence, room, () => new Map<string, Devices>());
      const devices = ensure(users, device.user, () => new Map<string, MemoryDevice>());
      const old = devices.get(device.sid);
      const rose = !hasLive(devices, live);
      const info = device.info ?? old?.info ?? '';
      const infoAt = device.info === undefined ? (old?.infoAt ?? now) : now;
      devices.set(device.sid, { incarnation: device.incarnation, since: old?.since ?? now, info, infoAt });
      return { first: rose && old === undefined, rose, occ: occupancy(data, room, live) };
    });
  }

  async leave(room: string, device: Device): Promise<{ last: boolean; occ: number }> {
    const live = new Set([...(await this.#gateways.live()), device.incarnation]);
    return this.#server.run((data) => {
      const users = data.presence.get(room);
      const devices = users?.get(device.user);
      const own = devices?.get(device.sid)?.incarnation === device.incarnation;
      if (!users || !devices || !own) return { last: false, occ: occupancy(data, room, live) };
      devices.delete(device.sid);
      if (devices.size === 0) users.delete(device.user);
      return { last: !hasLive(devices, live), occ: occupancy(data, room, live) };
    });
  }

  setInfo(room: string, device: Device, info: string | null): Promise<void> {
    return this.#server.run((data, now) => {
      const stored = data.presence.get(room)?.get(device.user)?.get(device.sid);
      if (stored?.incarnation === device.incarnation)
        Object.assign(stored, { info: info ?? '', infoAt: now });
    });
  }

  async who(
    room: string,
    page: { after?: string | undefined; max: number },
  ): Promise<{ users: Present[]; occ: number; next?: string }> {
    const live = await this.#gateways.live();
    return this.#server.run((data) => {
      const users = data.presence.get(room) ?? new Map<string, Devices>();
      const all = namesAfter(users.keys(), page.after).flatMap((user) => {
        const present = presentOf(user, users.get(user)?.values() ?? [], live);
        return present ? [present] : [];
      });
      const shown = all.slice(0, page.max);
      const next = all.length > page.max ? shown.at(-1)?.user : undefined;
      return { users: shown, occ: occupancy(data, room, live), ...(next === undefined ? {} : { next }) };
    });
  }

  async count(room: string): Promise<number> {
    const live = await this.#gateways.live();
    return this.#server.run((data) => occupancy(data, room, live));
  }

  heldBy(room: string, incarnation: string): Promise<{ user: string; sid: string }[]> {
    return this.#server.run((data) => {
      const users = data.presence.get(room) ?? new Map<string, Devices>();
      return [...users].flatMap(([user, devices]) =>
        [...devices].flatMap(([sid, device]) => (device.incarnation === incarnation ? [{ user, sid }] : [])),
      );
    });
  }
}

function hasLive(devices: Devices, live: ReadonlySet<string>): boolean {
  for (const device of devices.values()) if (live.has(device.incarnation)) return true;
  return false;
}

function occupancy(data: MemoryData, room: string, live: ReadonlySet<string>): number {
  let users = 0;
  for (const devices of data.presence.get(room)?.values() ?? []) if (hasLive(devices, live)) users += 1;
  return users;
}
