import type { MemoryData } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import { CanaryWatch, generationOf, lifeOf } from './canaries.ts';
import type { Generation, Horizon, Keyspace, KeyspaceLook } from './keyspace.ts';

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
      const sighting = { canaries: canariesOf(canary), replicationIds };
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

  rebuiltIn(part: string): Promise<Generation | undefined> {
    return this.#server.run(({ rebuilt }) => rebuilt.get(part));
  }

  markRebuilt(part: string, generation: Generation): Promise<void> {
    return this.#server.run(({ rebuilt }) => void rebuilt.set(part, generation));
  }

  horizon(part: string): Promise<Horizon | undefined> {
    return this.#server.run(({ horizons }) => horizons.get(part));
  }

  setHorizon(part: string, horizon: Horizon): Promise<void> {
    return this.#server.run(({ horizons }) => void horizons.set(part, horizon));
  }

  horizonOf(_room: string, part: string): Promise<number | undefined> {
    return this.#server.run(({ canary, horizons }) => {
      if (canary?.complete === true) return 0;
      const life = lifeOf(canariesOf(canary));
      const horizon = horizons.get(part);
      return life !== undefined && horizon?.life === life ? horizon.offset : undefined;
    });
  }
}

function canariesOf(canary: MemoryData['canary']): (string | null)[] {
  return [canary ? String(canary.id) : null];
}
