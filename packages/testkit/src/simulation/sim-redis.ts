import {
  memoryRedis,
  RedisError,
  type InboxTransport,
  type MemoryRedis,
  type MemorySnapshot,
  type Redis,
  type RedisState,
} from '@chatplatform/redis';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { SimProcess } from './sim-process.ts';
import { momentOf, type VirtualTime } from './virtual-time.ts';
import { Pipe, Wire } from './wire.ts';

interface Parts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly server: SimProcess;
}

/** How a process is subscribed to its inbox, and with it to the hot channels. */
interface Subscription {
  readonly incarnation: string;
  readonly process: SimProcess;
  /** Payloads that will vanish without a trace. */
  toLose: number;
  /** How much later the payloads that come next arrive, ms: behind others that were sent after them. */
  readonly toDelay: number[];
  /** The connection is broken until then. */
  brokenUntil: number;
  readonly reconnect: () => void;
}

const NOUNS = [
  'routes',
  'presence',
  'sessions',
  'gateways',
  'budget',
  'keyspace',
  'online',
  'locks',
  'deliveries',
  'idempotency',
  'revocations',
] as const;

/** One Redis for the whole world: the twin, reached over wires that delay, break and lose. */
export class SimRedis {
  readonly store: MemoryRedis;
  readonly #parts: Parts;
  readonly #subscriptions: Subscription[] = [];
  readonly #wires: Wire[] = [];
  readonly #muted = new Set<SimProcess>();
  /** Rises with every break of all connections: answers of the time before do not arrive. */
  #breaks = 0;
  #up = true;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.store = memoryRedis({ clock: parts.server.clock });
  }

  /** Redis as `process` has it. */
  open(process: SimProcess): Redis {
    const { time, dice } = this.#parts;
    const wire = new Wire({ time, dice, process });
    this.#wires.push(wire);
    const inner = this.store.open({
      clock: process.clock,
      network: (channels) => this.#channels(channels, wire, process),
    });
    const remote = <T extends object>(target: T): T => this.#remote(target, wire);
    const states = new States(inner, process, new Pipe(time, dice));
    const nouns = Object.fromEntries(NOUNS.map((noun) => [noun, remote(inner[noun])]));
    return {
      ...(nouns as unknown as Pick<Redis, (typeof NOUNS)[number]>),
      get state() {
        return states.now;
      },
      onState: (fn) => states.watch(fn),
      ready: (timeoutMs) => inner.ready(timeoutMs),
      history: (epoch) => remote(inner.history(epoch)),
      latest: (epoch) => remote(inner.latest(epoch)),
      receipts: (epoch) => remote(inner.receipts(epoch)),
      inbox: inner.inbox,
      close: () => Promise.resolve(),
    };
  }

  get up(): boolean {
    return this.#up;
  }

  /** Every connection breaks; commands fail until {@link SimRedis.comeBack}. */
  goAway(): void {
    this.#up = false;
    this.#breaks += 1;
    this.store.down();
  }

  comeBack(): void {
    this.#up = true;
    this.store.up();
  }

  snapshot(): MemorySnapshot {
    return this.store.snapshot();
  }

  /** The next `count` payloads to the inbox of a gateway vanish. */
  losePayloads(process: SimProcess, count: number): void {
    for (const subscription of this.#of(process)) subscription.toLose += count;
  }

  /** The next payloads to the inbox of a gateway arrive that much later, ms, and do not hold up what follows them. */
  delayPayloads(process: SimProcess, byMs: readonly number[]): void {
    for (const subscription of this.#of(process)) subscription.toDelay.push(...byMs);
  }

  /** What `process` sends from now on to inboxes is taken, and reaches nobody; of one that was never heard there, too. */
  mute(process: SimProcess): void {
    this.#muted.add(process);
  }

  /** The connection a gateway listens on breaks for `ms`; then it listens again. */
  breakInbox(process: SimProcess, ms: number): void {
    for (const subscription of this.#of(process)) {
      subscription.brokenUntil = momentOf(this.#parts.time.now + ms);
      this.store.setHeard(subscription.incarnation, false);
      this.#parts.time.after(ms, () => {
        this.store.setHeard(subscription.incarnation, true);
        process.later(0, () => subscription.reconnect());
      });
    }
  }

  /** Every way to Redis takes that much longer (1 = as usual). */
  slow(factor: number): void {
    for (const wire of this.#wires) wire.slow(factor);
  }

  #of(process: SimProcess): Subscription[] {
    return this.#subscriptions.filter((subscription) => subscription.process === process);
  }

  /** The same object behind a wire: every method becomes a request in the lane of the room it is about. */
  #remote<T extends object>(target: T, wire: Wire): T {
    return new Proxy(target, {
      get: (object, name) => {
        const method: unknown = Reflect.get(object, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          const breaks = this.#breaks;
          return wire.request(
            laneOf(args[0]),
            () => {
              if (breaks !== this.#breaks) return Promise.reject(lostConnection());
              return Reflect.apply(method, object, args) as Promise<unknown>;
            },
            () => (breaks === this.#breaks ? undefined : lostConnection()),
          );
        };
      },
    });
  }

  #channels(inner: InboxTransport, wire: Wire, process: SimProcess): InboxTransport {
    const { time, dice, journal } = this.#parts;
    return {
      publish: (channel, payload) => {
        const breaks = this.#breaks;
        return wire.request(
          `inbox ${channel}`,
          () => {
            if (breaks !== this.#breaks) return Promise.reject(lostConnection());
            if (this.#muted.has(process)) return Promise.resolve(1);
            return inner.publish(channel, payload);
          },
          () => (breaks === this.#breaks ? undefined : lostConnection()),
        );
      },
      listen: async (names, on) => {
        const pipe = new Pipe(time, dice);
        const subscription: Subscription = {
          incarnation: names[0] ?? '',
          process,
          toLose: 0,
          toDelay: [],
          brokenUntil: 0,
          reconnect: () => on.reconnect(),
        };
        this.#subscriptions.push(subscription);
        const receive = (payload: string, channel: string): void => {
          if (time.now < subscription.brokenUntil) return;
          if (subscription.toLose > 0) {
            subscription.toLose -= 1;
            journal.note(time.now, `${process.name} loses`, payload);
            return;
          }
          const late = subscription.toDelay.shift() ?? 0;
          process.later(pipe.delay() + late, () => {
            journal.note(time.now, `${process.name} inbox`, payload);
            on.payload(payload, channel);
          });
        };
        return wire.request('listen', () =>
          inner.listen(names, {
            payload: receive,
            reconnect: () => process.later(pipe.delay(), () => on.reconnect()),
          }),
        );
      },
    };
  }
}

/** Whether Redis is there, as one process sees it: a moment later than it is so. */
class States {
  now: RedisState;
  readonly #listeners = new Set<(state: RedisState) => void>();

  constructor(inner: Redis, process: SimProcess, pipe: Pipe) {
    this.now = inner.state;
    inner.onState((state) => {
      process.later(pipe.delay(), () => {
        if (state === this.now) return;
        this.now = state;
        for (const listener of this.#listeners) listener(state);
      });
    });
  }

  watch(listener: (state: RedisState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

function lostConnection(): RedisError {
  return new RedisError('unavailable', 'the connection broke before the answer came');
}

/** Keys of one room are in one slot and so on one connection; everything else is elsewhere. */
function laneOf(first: unknown): string {
  if (typeof first === 'string') return first;
  const room: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'room') : undefined;
  return typeof room === 'string' ? room : '';
}
