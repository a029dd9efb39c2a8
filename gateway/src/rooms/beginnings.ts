import { beginningAt, type Position } from '@chatplatform/protocol';
import { partOf, type Keyspace } from '@chatplatform/redis';
import type { Log } from '../publish/log.ts';

/** Where rooms begin of which Redis knows no message. */
export class Beginnings {
  readonly #keyspace: Pick<Keyspace, 'horizonOf'>;
  readonly #log: Log;
  readonly #topic: string;

  constructor(parts: { keyspace: Pick<Keyspace, 'horizonOf'>; log: Log; topic: string }) {
    this.#keyspace = parts.keyspace;
    this.#log = parts.log;
    this.#topic = parts.topic;
  }

  /**
   * The position behind which there is no message of `room` if Redis knew none a moment ago; to be asked after that was
   * read. `undefined`: Redis may have forgotten some. Rejects while Redis is away.
   */
  async of(room: string): Promise<Position | undefined> {
    const { epoch } = this.#log;
    const partition = this.#log.partitionOf(room);
    const offset = await this.#keyspace.horizonOf(room, partOf(epoch, this.#topic, partition));
    return offset === undefined ? undefined : beginningAt(epoch, partition, offset);
  }
}
