import { GatewayLive } from '@chatplatform/platform';
import type { PublishedLimits } from '@chatplatform/protocol';
import { Limits } from '@chatplatform/protocol';
import { liveFile, type Clock, type LiveFile } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';

/** Settings that may change while the gateway runs: limits, log level, reconnect budget. */
export class LiveSettings {
  readonly #logger: Logger;
  #current: GatewayLive;
  #file: LiveFile | undefined;
  #frameBytes: number | undefined;

  constructor(start: GatewayLive, logger: Logger) {
    this.#current = start;
    this.#logger = logger;
    logger.level = start.logLevel;
  }

  get limits(): GatewayLive['limits'] {
    return this.#current.limits;
  }

  /** Bytes of a frame: what the limit was when it was asked for first, since sockets cannot change theirs. */
  get frameBytes(): number {
    return (this.#frameBytes ??= this.limits.maxFrameBytes);
  }

  get drain(): GatewayLive['drain'] {
    return this.#current.drain;
  }

  get rebalance(): GatewayLive['rebalance'] {
    return this.#current.rebalance;
  }

  /** What the reply to hello tells. */
  get published(): PublishedLimits {
    const { limits } = this;
    return {
      frameBytes: this.frameBytes,
      rooms: limits.maxRoomsPerConnection,
      connections: limits.maxConnectionsPerUser,
      requestsPerSecond: limits.requestsPerSecondPerConnection,
      requestBurst: limits.requestBurstPerConnection,
      recoveryBurst: limits.restoreBurstPerConnection,
      publishesPerSecond: limits.publishesPerSecondPerUser,
      publishBurst: limits.publishBurstPerUser,
      roomPublishesPerSecond: Limits.roomPublishesPerSecond,
    };
  }

  apply(next: GatewayLive): void {
    this.#current = next;
    this.#logger.level = next.logLevel;
    this.#logger.info({ settings: next }, 'settings applied');
  }

  /** Follows a file; what is invalid there changes nothing. Resolves when what it holds now is applied. */
  async watch(path: string, clock: Clock): Promise<void> {
    this.#file = liveFile(path, GatewayLive, (next) => this.apply(next), {
      clock,
      onInvalid: (error) => this.#logger.warn({ err: error, path }, 'live settings not applied'),
    });
    await this.#file.check();
  }

  stop(): void {
    this.#file?.stop();
  }
}
