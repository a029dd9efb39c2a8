import type { MemoryServer } from '../memory/server.ts';
import { CanaryWatch, generationOf } from './canaries.ts';
import type { Keyspace, KeyspaceLook } from './keyspace.ts';

/** {@link Keyspace} in memory. */
export class MemoryKeyspace implements Keyspace {
  readonly #server: MemoryServer;
  readonly #watch = new CanaryWatch();

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  state(): Promise<KeyspaceLook> {
    return this.#server.run(({ canary }) => {
      const replicationIds = [String(this.#server.replicationId)];
      const sighting = { canaries: [canary ? String(canary.id) : null], replicationIds };
      return {
        state: this.#watch.judge(sighting),
        complete: canary?.complete ?? false,
        generation: generationOf(sighting),
      };
    });
  }

  establish({ complete }: { complete: boolean }): Promise<void> {
    return this.#server.run((data) => {
      data.canary ??= { id: this.#server.replicationId, complete };
    });
  }

  rebuiltIn(part: string): Promise<string | undefined> {
    return this.#server.run(({ rebuilt }) => rebuilt.get(part));
  }

  markRebuilt(part: string, generation: string): Promise<void> {
    return this.#server.run(({ rebuilt }) => void rebuilt.set(part, generation));
  }
}
