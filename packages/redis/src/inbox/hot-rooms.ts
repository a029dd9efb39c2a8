import { partitionOf } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';

/** Channels that every gateway listens to; more of them would spread the load no further over the nodes of a cluster. */
const HOT_CHANNELS = 16;
const PREFIX = 'hot:';
/** A room on no more gateways than that is not hot: as many sends cost next to nothing. */
export const HOT_GATEWAYS = 8;
/** Share of all gateways above which one send to all of them is less work than one to each that has members. */
const HOT_SHARE = 0.25;
/** A hot room is cold again below this share of what made it hot, so that it does not change with every member. */
const COLD_SHARE = 0.8;
/** How old the number of gateways may be, ms. */
const COUNT_AGE_MS = 5_000;
/** Hot rooms that are remembered; each has members on many gateways, so there are never that many. */
const MAX_HOT = 10_000;

/** The names of all hot channels. */
export function hotChannels(): string[] {
  return Array.from({ length: HOT_CHANNELS }, (_, k) => `${PREFIX}${k}`);
}

/** The hot channel of a room; takes the place of the name of a gateway where something is sent. */
export function hotChannelOf(room: string): string {
  return `${PREFIX}${partitionOf(room, HOT_CHANNELS)}`;
}

/** Whether it is the name of a hot channel: incarnations of gateways have no colon. */
export function isHotChannel(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** What the decision needs. */
export interface HotRoomsOptions {
  /** Gateways that live; asked every few seconds while rooms are asked for. */
  readonly live: () => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  /** A room on more gateways than that can be hot; {@link HOT_GATEWAYS} when absent. */
  readonly above?: number | undefined;
}

/**
 * Decides which rooms are hot: with members on more than 8 gateways, and on more than a quarter of all. What is for a
 * hot room is sent once, and every gateway gets it.
 *
 * A sender may decide as it likes, and change its mind at any time: what overtakes or is lost on the way is found by
 * the numbers of the channel and the chain of the room.
 */
export class HotRooms {
  readonly #options: HotRoomsOptions;
  readonly #hot = new Set<string>();
  #gateways: number | undefined;
  #askedAt = -Infinity;

  constructor(options: HotRoomsOptions) {
    this.#options = options;
  }

  /** Where to send what is for a room with members on the gateways `routes`. */
  inboxesOf(room: string, routes: readonly string[]): readonly string[] {
    return this.isHot(room, routes.length) ? [hotChannelOf(room)] : routes;
  }

  /** Whether a room with members on that many gateways is hot. */
  isHot(room: string, routes: number): boolean {
    const { above = HOT_GATEWAYS } = this.#options;
    const wasHot = this.#hot.has(room);
    // Most rooms are on a few gateways: nothing more is looked at for them.
    if (routes <= above && !wasHot) return false;
    this.#count();
    const limit = Math.max(above, HOT_SHARE * (this.#gateways ?? Infinity));
    const hot = routes > (wasHot ? limit * COLD_SHARE : limit);
    if (hot !== wasHot) this.#change(room, hot);
    return hot;
  }

  #change(room: string, hot: boolean): void {
    if (!hot) this.#hot.delete(room);
    else if (this.#hot.size < MAX_HOT) this.#hot.add(room);
  }

  /** Nobody waits for the number: until it is known no room is hot, later the last one counts. */
  #count(): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#askedAt < COUNT_AGE_MS) return;
    this.#askedAt = now;
    this.#options.live().then(
      (live) => {
        this.#gateways = live.size;
      },
      () => undefined,
    );
  }
}
