import type { Clock } from '@chatplatform/runtime';
import { RedisError } from '../errors.ts';
import type { ChannelEars } from '../inbox/transport.ts';
import type { RedisState } from '../redis.ts';
import { emptyData, type MemoryData } from './data.ts';

/** A state of the twin to go back to. */
export type MemorySnapshot = MemoryData;

/** What takes the place of a Redis server: data, channels, and what a test may do to it. */
export class MemoryServer {
  readonly clock: Clock;
  #data: MemoryData = emptyData();
  #up = true;
  /** Changes when the primary is replaced. */
  #replicationId = 1;
  readonly #channels = new Map<string, Set<ChannelEars>>();
  readonly #watchers = new Set<(state: RedisState) => void>();
  #deaf = new Set<string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get state(): RedisState {
    return this.#up ? 'up' : 'down';
  }

  get replicationId(): number {
    return this.#replicationId;
  }

  watch(fn: (state: RedisState) => void): () => void {
    this.#watchers.add(fn);
    return () => void this.#watchers.delete(fn);
  }

  /** One atomic step on the data, carried out when called. */
  run<T>(step: (data: MemoryData, now: number) => T): Promise<T> {
    if (!this.#up) {
      return Promise.reject(
        new RedisError('unavailable', 'Redis cannot be used now: the twin is down; call up()'),
      );
    }
    try {
      return Promise.resolve(step(this.#data, this.clock.now()));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  publish(channel: string, payload: string): Promise<number> {
    return this.run(() => {
      if (this.#deaf.has(channel)) return 0;
      const listeners = [...(this.#channels.get(channel) ?? [])];
      for (const listener of listeners) queueMicrotask(() => listener.payload(payload, channel));
      return listeners.length;
    });
  }

  listen(channels: readonly string[], listener: ChannelEars): () => void {
    const joined = channels.map((channel) => {
      const listeners = this.#channels.get(channel) ?? new Set();
      this.#channels.set(channel, listeners);
      return listeners.add(listener);
    });
    return () => {
      for (const listeners of joined) listeners.delete(listener);
    };
  }

  /** Commands fail and payloads are lost until {@link MemoryServer.up}. */
  down(): void {
    this.#up = false;
    for (const fn of this.#watchers) fn('down');
  }

  up(): void {
    this.#up = true;
    for (const fn of this.#watchers) fn('up');
    const listeners = new Set([...this.#channels.values()].flatMap((each) => [...each]));
    for (const listener of listeners) listener.reconnect();
  }

  /** Payloads to this inbox are lost without a trace until `heard` is true again. */
  setHeard(channel: string, heard: boolean): void {
    if (heard) this.#deaf.delete(channel);
    else this.#deaf.add(channel);
  }

  snapshot(): MemorySnapshot {
    return structuredClone(this.#data);
  }

  /** Back to an earlier state: the writes since then are lost, as after a failover. */
  restore(snapshot: MemorySnapshot): void {
    this.#data = structuredClone(snapshot);
    this.#replicationId += 1;
  }

  /** Every key is gone. */
  wipe(): void {
    this.restore(emptyData());
  }
}
