import { hotChannelOf, type HotRooms } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { CastItem } from './cast-item.ts';
import { Conflation } from './conflation.ts';

/** What casting needs. */
export interface RoomCastOptions {
  incarnation: string;
  clock: Clock;
  /** Gateways with members of a room. */
  routesOf: (room: string) => Promise<readonly string[]>;
  hot: Pick<HotRooms, 'isHot'>;
  /** Sends unnumbered items of one room to another gateway, or to all by a hot channel. */
  send: (inbox: string, items: readonly CastItem[]) => Promise<unknown>;
  /** Hands the line to the members on this gateway. */
  deliver: (item: CastItem) => void;
}

/** Typing comes in bursts: the routes of a room are asked for at most this often. */
const ROUTES_AGE_MS = 2000;
/** Rooms whose routes are remembered. */
const MAX_CACHED = 10_000;

interface Known {
  readonly at: number;
  readonly gateways: Promise<readonly string[]>;
  /** As last decided. */
  hot: boolean;
}

/**
 * Sends ephemeral lines (presence, typing) to everybody in a room, on this gateway and others. Losses are allowed. In
 * a hot room they are conflated on both sides: by who sends them, once to all gateways, and by who hands them on.
 */
export class RoomCast {
  readonly #options: RoomCastOptions;
  readonly #routes = new Map<string, Known>();
  readonly #outgoing: Conflation;
  readonly #incoming: Conflation;

  constructor(options: RoomCastOptions) {
    this.#options = options;
    const { clock, send, deliver } = options;
    this.#outgoing = new Conflation(clock, (room, items) => {
      send(hotChannelOf(room), items).catch(() => undefined);
    });
    this.#incoming = new Conflation(clock, (_room, items) => {
      for (const item of items) deliver(item);
    });
  }

  cast(item: CastItem): void {
    if (this.#routes.get(item.room)?.hot === true) this.#incoming.add(item);
    else this.#options.deliver(item);
    this.toOthers(item);
  }

  /** Only to the members on other gateways. */
  toOthers(item: CastItem): void {
    this.#send(item).catch(() => undefined);
  }

  /** Whether other gateways have members of `room`, as was known a moment ago. */
  async isElsewhere(room: string): Promise<boolean> {
    const gateways = await this.#known(room).gateways;
    return gateways.some((gateway) => gateway !== this.#options.incarnation);
  }

  /** Another gateway sent it: to this one, or to all because the room is `hot`. */
  arrived(item: CastItem, hot: boolean): void {
    if (hot) this.#incoming.add(item);
    else this.#options.deliver(item);
  }

  async #send(item: CastItem): Promise<void> {
    const { incarnation, send, hot } = this.#options;
    const known = this.#known(item.room);
    const gateways = await known.gateways;
    known.hot = hot.isHot(item.room, gateways.length);
    if (known.hot) {
      this.#outgoing.add(item);
      return;
    }
    await Promise.all(
      gateways.filter((gateway) => gateway !== incarnation).map((gateway) => send(gateway, [item])),
    );
  }

  #known(room: string): Known {
    const now = this.#options.clock.monotonic();
    const known = this.#routes.get(room);
    if (known !== undefined && now - known.at < ROUTES_AGE_MS) return known;
    if (this.#routes.size >= MAX_CACHED) this.#routes.clear();
    const fresh = { at: now, gateways: this.#options.routesOf(room), hot: known?.hot ?? false };
    this.#routes.set(room, fresh);
    // A failed question is asked again by the next line.
    fresh.gateways.catch(() => this.#routes.delete(room));
    return fresh;
  }
}
