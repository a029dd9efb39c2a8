import { BEGINNING, beginningAt, type Position } from '@chatplatform/protocol';
import { partOf, RedisError, valuesOf, type Keyspace } from '@chatplatform/redis';
import type { Log } from '../publish/log.ts';

/** What it works with. */
export interface BeginningsParts {
  readonly keyspace: Pick<Keyspace, 'horizonOf'>;
  readonly log: Log;
  readonly topic: string;
  /** Told once that Redis refuses to say. */
  readonly onError: (error: unknown) => void;
}

/** Where rooms begin of which Redis knows no message. */
export class Beginnings {
  readonly #parts: BeginningsParts;
  #isRefused = false;

  constructor(parts: BeginningsParts) {
    this.#parts = parts;
  }

  /**
   * The position behind which there is no message of `room` if Redis knew none a moment ago; to be asked after that was
   * read. `undefined`: Redis may have forgotten some. Rejects while Redis is away.
   */
  of(room: string): Promise<Position | undefined> {
    return this.#ask(room, (part) => part, undefined);
  }

  /**
   * The position behind which the latest-value room `room` has every key's newest value; to be asked after they were read.
   * `undefined`: workers have not written those from before a loss again. Rejects while Redis is away.
   */
  ofValues(room: string): Promise<Position | undefined> {
    // Where it may not be asked, joins must not wait for ever.
    return this.#ask(room, valuesOf, BEGINNING);
  }

  async #ask(
    room: string,
    partFor: (part: string) => string,
    whenRefused: Position | undefined,
  ): Promise<Position | undefined> {
    const { keyspace, log, topic } = this.#parts;
    const partition = log.partitionOf(room);
    try {
      const offset = await keyspace.horizonOf(room, partFor(partOf(log.epoch, topic, partition)));
      return offset === undefined ? undefined : beginningAt(log.epoch, partition, offset);
    } catch (error) {
      this.#demandRefusal(error);
      return whenRefused;
    }
  }

  /** A user of Redis with the rights of an earlier version may not ask; who comes back is then answered from the log. */
  #demandRefusal(error: unknown): void {
    if (!(error instanceof RedisError) || error.code !== 'invalid') throw error;
    if (!this.#isRefused) this.#parts.onError(error);
    this.#isRefused = true;
  }
}
