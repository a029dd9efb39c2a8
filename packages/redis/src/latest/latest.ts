import type { Position } from '@chatplatform/protocol';
import type { AppendBehind, AppendDone } from '../history/history.ts';

/** One record of the log on its way into a latest-value room. */
export interface LatestMessage {
  readonly id: Position;
  readonly offset: number;
  readonly inst: string;
  readonly n: number;
  readonly ts: number;
  /** The key that gets a value. */
  readonly k: string;
  /** The final line for clients (a `v` push), used as it is. */
  readonly frame: string;
  /** True for `data: null`: readers no longer see the key; a marker stays so that re-processing repeats the push. */
  readonly deleted: boolean;
}

/** One atomic append to one latest-value room; fields as in `AppendRequest`. */
export interface LatestRequest {
  readonly room: string;
  readonly messages: readonly LatestMessage[];
  readonly rememberedHead?: Position | undefined;
  readonly firstPrevious?: string | undefined;
  readonly limits?: LatestLimits | undefined;
}

/** Values to write again after everything was lost. */
export interface RestoreRequest {
  readonly room: string;
  readonly values: readonly Pick<LatestMessage, 'id' | 'k' | 'frame' | 'deleted'>[];
  readonly limits?: LatestLimits | undefined;
}

/** Over a limit the values not written for longest go. */
export interface LatestLimits {
  readonly keys: number;
  /** Bytes of frames (UTF-8). The newest value is always kept. */
  readonly bytes: number;
}

/** 1 000 keys, 256 KiB: one reply can carry a whole room. */
export const DEFAULT_LATEST_LIMITS: LatestLimits = { keys: 1000, bytes: 262_144 };

/** The value of one key. */
export interface LatestEntry {
  readonly id: Position;
  readonly k: string;
  readonly frame: string;
}

/** What a latest-value room holds. */
export interface LatestPage {
  /** Ascending by id. */
  readonly entries: LatestEntry[];
  /** Id of what was appended last; `""` when nothing was, whatever was restored. */
  readonly head: Position;
  /** Id of the newest change of a key, deletions too; `""` when there is none. */
  readonly newest: Position;
}

/** Rooms that keep only the newest value of every key. */
export interface Latest {
  /**
   * As `History.append`; verdict `present` when the message still is its key's value (its `p` is then `"?"`), `decided`
   * when a newer one is.
   */
  append(request: LatestRequest): Promise<AppendDone | AppendBehind>;
  /**
   * Gives keys the values of `request` that are newer than what they have, but for what the limits had dropped. Head and
   * watermarks stay as they are. May be repeated in any order.
   */
  restore(request: RestoreRequest): Promise<void>;
  /** All values. */
  all(room: string): Promise<LatestPage>;
  /** The newest change of each key that changed after `from`, deletions too. */
  changes(room: string, from: Position): Promise<LatestPage>;
}
