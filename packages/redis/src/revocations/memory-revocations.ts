import type { MemoryServer } from '../memory/server.ts';
import type { Revocation, Revocations } from './revocations.ts';

/** {@link Revocations} in memory. */
export class MemoryRevocations implements Revocations {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  add(entries: readonly Revocation[]): Promise<void> {
    return this.#server.run(({ revoked }, now) => {
      let changed = false;
      for (const [member, until] of revoked.entries)
        if (until < now) changed = revoked.entries.delete(member);
      for (const { member, until } of entries) {
        if (until <= now || until <= (revoked.entries.get(member) ?? 0)) continue;
        revoked.entries.set(member, until);
        changed = true;
      }
      if (changed) revoked.version = Math.max(now, revoked.version + 1);
    });
  }

  read(known: string | undefined): Promise<{ version: string; entries: Revocation[] } | undefined> {
    return this.#server.run(({ revoked }, now) => {
      const version = String(revoked.version);
      if (version === known) return undefined;
      const living = [...revoked.entries].filter(([, until]) => until > now);
      return { version, entries: living.map(([member, until]) => ({ member, until })) };
    });
  }
}
