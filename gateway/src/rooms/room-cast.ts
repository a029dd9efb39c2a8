import type { InboxClass } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';

/** What casting needs. */
export interface RoomCastOptions {
  incarnation: string;
  clock: Clock;
  /** Gateways with members of a room. */
  routesOf: (room: string) => Promise<readonly string[]>;
  /** Sends an unnumbered item to another gateway. */
  send: (gateway: string, item: CastItem) => Promise<unknown>;
  /** Hands the line to the members on this gateway. */
  deliver: (item: CastItem) => void;
}

/** An ephemeral line of a room. */
export interface CastItem {
  class: Extract<InboxClass, 'pr' | 'ty' | 'rc'>;
  room: string;
  frame: string;
}

/** Typing comes in bursts: the routes of a room are asked for at most this often. */
const ROUTES_AGE_MS = 2000;
/** Rooms whose routes are remembered. */
const MAX_CACHED = 10_000;

/** Sends ephemeral lines (presence, typing) to everybody in a room, on this gateway and others. Losses are allowed. */
export class RoomCast {
  readonly #options: RoomCastOptions;
  readonly #routes = new Map<string, { at: number; gateways: Promise<readonly string[]> }>();

  constructor(options: RoomCastOptions) {
    this.#options = options;
  }

  cast(item: CastItem): void {
    this.#options.deliver(item);
    this.toOthers(item);
  }

  /** Only to the members on other gateways. */
  toOthers(item: CastItem): void {
    this.#send(item).catch(() => undefined);
  }

  async #send(item: CastItem): Promise<void> {
    const { incarnation, send } = this.#options;
    const gateways = await this.#gatewaysOf(item.room);
    await Promise.all(
      gateways.filter((gateway) => gateway !== incarnation).map((gateway) => send(gateway, item)),
    );
  }

  #gatewaysOf(room: string): Promise<readonly string[]> {
    const now = this.#options.clock.monotonic();
    const known = this.#routes.get(room);
    if (known !== undefined && now - known.at < ROUTES_AGE_MS) return known.gateways;
    if (this.#routes.size >= MAX_CACHED) this.#routes.clear();
    const gateways = this.#options.routesOf(room);
    this.#routes.set(room, { at: now, gateways });
    // A failed question is asked again by the next line.
    gateways.catch(() => this.#routes.delete(room));
    return gateways;
  }
}
