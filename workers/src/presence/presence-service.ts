import type { RecordProducer } from '@chatplatform/kafka';
import { LEASE_SWEEP_MS, type LeaseSweep, type Redis } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { HostedService } from '../hosted-service.ts';
import type { LogFacts } from '../log-facts.ts';
import { Leadership } from './leadership.ts';
import { OnlineWatch } from './online-watch.ts';
import type { PresenceMetrics } from './presence-metrics.ts';
import { sweep } from './sweep.ts';

/** Between two looks at who is due, ms: what is told waits for a grace of seconds anyway. */
const LOOK_MS = 1_000;

interface Deps {
  readonly redis: Redis;
  readonly producer: RecordProducer;
  /** Topic of the events. */
  readonly topic: string;
  /** Names this worker in the lock and as the sender of pushes. */
  readonly incarnation: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PresenceMetrics;
}

/**
 * Tells other services who is online, and clears what dead gateways left. One worker of all does it; when it dies
 * another one goes on where it stood, since everything it works from is in Redis.
 */
export class PresenceService implements HostedService {
  readonly name = 'presence';
  readonly #deps: Deps;
  readonly #stop = new AbortController();
  readonly #leadership: Leadership;
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
    const { redis, clock, incarnation: holder, logger, metrics } = deps;
    this.#leadership = new Leadership({
      locks: redis.locks,
      name: 'presence',
      holder,
      clock,
      onChange: (leads) => {
        metrics.leads.set(leads ? 1 : 0);
        logger.info(
          { leads },
          leads ? 'this worker tells who is online' : 'another worker may tell who is online',
        );
      },
    });
  }

  run({ partitions }: LogFacts): Promise<void> {
    const { clock, incarnation, metrics, producer, redis, topic } = this.#deps;
    const events = { topic, partitions: partitions.events };
    const watch = new OnlineWatch({
      redis,
      producer,
      events,
      onTold: ({ type }) => metrics.told.inc({ type }),
    });
    const leases = sweep({ redis, producer, events, incarnation, clock });
    const stopListening = redis.onState((state) => {
      if (state === 'down') leases.afterOutage();
    });
    this.#loop = this.#work(watch, leases).finally(stopListening);
    return Promise.resolve();
  }

  /** A round that fails is tried again by whoever leads then. */
  isLive(): boolean {
    return true;
  }

  async stop({ killed }: { readonly killed: boolean }): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    if (!killed) await this.#leadership.resign().catch(() => undefined);
  }

  async #work(watch: OnlineWatch, leases: LeaseSweep): Promise<void> {
    const { clock, logger } = this.#deps;
    const { signal } = this.#stop;
    const sweeping = { at: -Infinity };
    while (!signal.aborted) {
      try {
        await this.#round(watch, leases, sweeping);
      } catch (error) {
        logger.warn({ err: error }, 'who came and went cannot be told now; trying again');
      }
      await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  async #round(watch: OnlineWatch, leases: LeaseSweep, sweeping: { at: number }): Promise<void> {
    const { clock } = this.#deps;
    if (!(await this.#leadership.leads())) return;
    await watch.run(async () => !this.#stop.signal.aborted && (await this.#leadership.leads()));
    if (clock.monotonic() - sweeping.at < LEASE_SWEEP_MS) return;
    sweeping.at = clock.monotonic();
    await leases.run();
  }
}
