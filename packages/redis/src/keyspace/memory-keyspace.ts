import type { MemoryServer } from '../memory/server.ts';
import { CanaryWatch } from './canaries.ts';
import type { Keyspace, KeyspaceState } from './keyspace.ts';

/** {@link Keyspace} in memory. */
export class MemoryKeyspace implements Keyspace {
  readonly #server: MemoryServer;
  readonly #watch = new CanaryWatch();

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  state(): Promise<{ state: KeyspaceState; complete: boolean }> {
    return this.#server.run(({ canary }) => {
      const replicationIds = [String(this.#server.replicationId)];
      const state = this.#watch.judge({ canaries: [canary ? String(canary.id) : null], replicationIds });
      return { state, complete: canary?.complete ?? false };
    });
  }

  establish({ complete }: { complete: boolean }): Promise<void> {
    return this.#server.run((data) => {
      data.canary ??= { id: this.#server.replicationId, complete };
    });
  }
}
