import type { TrafficRoom } from '@chatplatform/testkit';
import type { Crowd, Guest } from '../crowd.ts';
import { FaultyProxy } from '../faulty-proxy.ts';
import { holds, type Fault, type FaultContext } from '../fault.ts';
import { sumMetric } from '../metric.ts';

/** One client of so many reads slowly. */
const SLOW_IN = 20;
const FLOODERS = 10;
/** Characters of one message of the flood: below the limit of a frame, 64 KiB. */
const FLOOD_CHARS = 48_000;
/** Messages of one flooder at a time. One user may publish 30 at once and 10 per second. */
const FLOOD_BURST = 4;
/**
 * The kernel takes up to 4 MB for a connection before anything waits in the gateway, which gives up at 1 MiB. What
 * this many bursts bring is several times that.
 */
const MAX_BURSTS = 20;
/** A connection whose ping is not answered ends after 33 s anyway: what ends later proves nothing. */
const GIVEN_UP_MS = 25_000;
/** Reconnecting, and some megabytes of history for each. */
const CAUGHT_UP_MS = 60_000;
/** The proxy of a platform. */
const PROXIES = new WeakMap<object, FaultyProxy>();

/** Readers that stop. */
export const SLOW_CONSUMER: Fault = {
  name: 'slow-consumer',
  title: `Slow consumers: one client in ${SLOW_IN} stops reading a flood until its gateway gives it up, then reads on`,
  hosts: async (platform) => {
    const proxy = await FaultyProxy.start(platform.access.url);
    PROXIES.set(platform, proxy);
    const direct = Array.from({ length: SLOW_IN - 1 }, () => platform.access.url);
    return { urls: [...direct, proxy.url] };
  },
  afterwards: (platform) => PROXIES.get(platform)?.close(),
  happen: async (context) => {
    const { platform, crowd, room, say } = context;
    const slow = numbers(crowd, (number) => number % SLOW_IN === SLOW_IN - 1);
    const flooders = numbers(crowd, (number) => number % SLOW_IN !== SLOW_IN - 1).slice(0, FLOODERS);
    if (slow.length === 0) throw new Error(`nobody reads slowly; take at least ${SLOW_IN} clients`);
    const flood = await Flood.open(crowd, { room: `${room}-flood`, slow, flooders });
    try {
      crowd.lost.clear();
      const readOn = (PROXIES.get(platform) as FaultyProxy).stall();
      try {
        await untilGivenUp(context, flood, slow.length);
      } finally {
        readOn();
      }
      await holds(
        () => slow.every((number) => crowd.lost.has(number) && !crowd.away.has(number)),
        CAUGHT_UP_MS,
        () =>
          `${slow.filter((number) => crowd.away.has(number)).length} slow clients are not back, and ` +
          `${slow.filter((number) => !crowd.lost.has(number)).length} never noticed that they were given up`,
      );
      await flood.settle(say);
    } finally {
      flood.close();
    }
  },
};

/** Everybody who talks; those that are only connected are no part of it. */
function numbers(crowd: Crowd, which: (number: number) => boolean): number[] {
  return Array.from({ length: crowd.size }, (_, number) => number).filter(which);
}

async function untilGivenUp({ platform, say }: FaultContext, flood: Flood, slow: number): Promise<void> {
  const closes = (): Promise<number> => sumMetric(platform.gateways, 'chat_gateway_slow_closes_total');
  const before = await closes();
  const deadline = performance.now() + GIVEN_UP_MS;
  for (let burst = 0; (await closes()) - before < slow; burst += 1) {
    if (performance.now() > deadline || burst === MAX_BURSTS)
      throw new Error(
        `gateways gave up ${(await closes()) - before} of ${slow} slow readers after ${flood.megabytes} MB`,
      );
    await flood.burst();
  }
  say(`gateways gave up all ${slow} slow readers after ${flood.megabytes} MB`);
}

interface Listener {
  readonly ids: string[];
  /** The platform told it of a hole. */
  told: boolean;
}

/** A room with long messages, in which the slow ones are. */
class Flood {
  readonly #guests: Guest[];
  readonly #rooms: TrafficRoom[];
  readonly #listeners: Listener[];
  readonly #acked = new Set<string>();
  #sent = 0;

  private constructor(guests: Guest[], rooms: TrafficRoom[], listeners: Listener[]) {
    this.#guests = guests;
    this.#rooms = rooms;
    this.#listeners = listeners;
  }

  static async open(
    crowd: Crowd,
    { room, slow, flooders }: { room: string; slow: number[]; flooders: number[] },
  ): Promise<Flood> {
    const guests = [...slow, ...flooders].map((number) => crowd.guest(number));
    const joined = await Promise.all(guests.map((guest) => guest.join(room, 'ids')));
    const listeners = joined.slice(0, slow.length).map((each) => {
      const listener: Listener = { ids: [], told: false };
      each.onMessage(({ id }) => listener.ids.push(id));
      each.onContinuityLost(() => {
        listener.told = true;
      });
      return listener;
    });
    return new Flood(guests, joined.slice(slow.length), listeners);
  }

  get megabytes(): number {
    return Math.round((this.#sent * FLOOD_CHARS) / 1_000_000);
  }

  async burst(): Promise<void> {
    const text = 'x'.repeat(FLOOD_CHARS);
    const all = this.#rooms.flatMap((room) => Array.from({ length: FLOOD_BURST }, () => room.publish(text)));
    this.#sent += all.length;
    for (const { id } of await Promise.all(all)) if (id !== undefined) this.#acked.add(id);
  }

  /** Waits until every slow reader has the whole flood or was told of a hole. @throws when one was cheated */
  async settle(say: (text: string) => void): Promise<void> {
    const behind = (): Listener[] =>
      this.#listeners.filter(({ ids, told }) => !told && ids.length < this.#acked.size);
    await holds(
      () => behind().length === 0,
      CAUGHT_UP_MS,
      () => `${behind().length} slow readers have holes in the flood and were not told`,
    );
    const mixed = this.#listeners.filter(({ ids }) =>
      ids.some((id, at) => at > 0 && id <= (ids[at - 1] ?? '')),
    );
    if (mixed.length > 0)
      throw new Error(`${mixed.length} slow readers got the flood doubled or in another order`);
    const told = this.#listeners.filter((listener) => listener.told).length;
    say(`${this.#listeners.length - told} slow readers have all of the flood, ${told} were told of a hole`);
  }

  close(): void {
    for (const guest of this.#guests) guest.close();
  }
}
