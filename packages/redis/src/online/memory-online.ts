import type { MemoryServer } from '../memory/server.ts';
import { COMING_MS, GOING_MS, type DueUser, type Online } from './online.ts';

/** {@link Online} in memory. */
export class MemoryOnline implements Online {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  note(users: readonly string[], what: 'came' | 'went'): Promise<void> {
    return this.#server.run(({ due }, now) => {
      for (const user of users) {
        if (what === 'went') due.set(`-${user}`, now + GOING_MS);
        else if (!due.has(`+${user}`)) due.set(`+${user}`, now + COMING_MS);
      }
    });
  }

  due(max: number): Promise<DueUser[]> {
    return this.#server.run(({ due }, now) =>
      [...due]
        .filter(([, at]) => at <= now)
        .sort(([, a], [, b]) => a - b)
        .slice(0, max)
        .map(([entry, at]) => ({ user: entry.slice(1), mark: `${entry} ${at}` })),
    );
  }

  turn(user: string, online: boolean): Promise<number | undefined> {
    return this.#server.run((data, now) => {
      const stored = data.online.get(user) ?? { state: false, at: 0, told: true };
      if (stored.state === online) return stored.told ? undefined : stored.at;
      const at = Math.max(now, stored.at + 1);
      data.online.set(user, { state: online, at, told: false });
      return at;
    });
  }

  told(user: string, at: number): Promise<void> {
    return this.#server.run(({ online }) => {
      const stored = online.get(user);
      if (stored?.at !== at) return;
      if (stored.state) stored.told = true;
      else online.delete(user);
    });
  }

  settle({ mark }: DueUser): Promise<void> {
    const [entry = '', at] = mark.split(' ');
    return this.#server.run(({ due }) => {
      if (due.get(entry) === Number(at)) due.delete(entry);
    });
  }
}
