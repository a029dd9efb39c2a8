import type { Position } from '@chatplatform/protocol';

const DAY_MS = 86_400_000;
/** More than the clocks of two brokers can be apart. */
const CLOCKS_APART_MS = 3_600_000;

/** Day number since 1970 (UTC) of a timestamp in milliseconds. */
export function dayOf(ts: number): number {
  return Math.floor(ts / DAY_MS);
}

/**
 * The days whose watermarks may know of a record: its own first, the day before, and near its end the day after
 * (an earlier record may carry a later timestamp when the leader of the partition changed in between).
 */
export function watermarkDays(ts: number): number[] {
  const day = dayOf(ts);
  return dayOf(ts + CLOCKS_APART_MS) === day ? [day, day - 1] : [day, day - 1, day + 1];
}

/**
 * Names of the Redis keys. The braces hold what decides the cluster slot. `prefix` ends in `:`; names of rooms,
 * users, sessions and incarnations are validated before they get here and contain no braces.
 */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  routes(room: string): string {
    return `${this.#prefix}rt:{${room}}`;
  }

  presence(room: string): string {
    return `${this.#prefix}ph:{${room}}`;
  }

  presenceCounts(room: string): string {
    return `${this.#prefix}pc:{${room}}`;
  }

  session(sid: string): string {
    return `${this.#prefix}s:{${sid}}`;
  }

  userSessions(user: string): string {
    return `${this.#prefix}u:{${user}}`;
  }

  leases(): string {
    return `${this.#prefix}gws`;
  }

  gateway(incarnation: string): string {
    return `${this.#prefix}g:{${incarnation}}`;
  }

  gatewayRooms(incarnation: string): string {
    return `${this.#prefix}gr:{${incarnation}}`;
  }

  gatewaySessions(incarnation: string): string {
    return `${this.#prefix}gs:{${incarnation}}`;
  }

  inbox(incarnation: string): string {
    return `${this.#prefix}in:{${incarnation}}`;
  }

  /** Of a channel that every gateway listens to, by its name `hot:<k>`. */
  hot(name: string): string {
    return `${this.#prefix}${name.replace(':', ':{')}}`;
  }

  budget(): string {
    return `${this.#prefix}budget`;
  }

  revoked(): string {
    return `${this.#prefix}revoked`;
  }

  idempotency(hash: string): string {
    return `${this.#prefix}ik:{${hash}}`;
  }

  lock(name: string): string {
    return `${this.#prefix}lock:{${name}}`;
  }

  /** Of what was sent outside the platform. */
  delivery(receiver: string, id: string): string {
    return `${this.#prefix}nd:{${receiver}:${id}}`;
  }

  due(): string {
    return `${this.#prefix}due`;
  }

  online(user: string): string {
    return `${this.#prefix}on:{${user}}`;
  }

  canary(tag: string): string {
    return `${this.#prefix}canary:{${tag}}`;
  }

  rebuilt(): string {
    return `${this.#prefix}rebuilt`;
  }

  horizon(): string {
    return `${this.#prefix}horizon`;
  }
}

/** Names of the keys that depend on the log: they carry its epoch, so that another log starts from nothing. */
export class LogKeys {
  readonly #prefix: string;

  constructor(prefix: string, epoch: string) {
    this.#prefix = `${prefix}${epoch}:`;
  }

  history(room: string): string {
    return `${this.#prefix}h:{${room}}`;
  }

  head(room: string): string {
    return `${this.#prefix}hd:{${room}}`;
  }

  /** Watermark keys of some days. */
  watermarks(room: string, days: readonly number[]): string[] {
    return days.map((day) => `${this.#prefix}d:${day}:{${room}}`);
  }

  latest(room: string): string {
    return `${this.#prefix}lv:{${room}}`;
  }

  latestBytes(room: string): string {
    return `${this.#prefix}lb:{${room}}`;
  }

  receipts(room: string): string {
    return `${this.#prefix}w:{${room}}`;
  }
}

/** Where the offset starts in a position: after 6 characters epoch and 3 partition. */
const OFFSET_AT = 9;

/** The offset part of a message id. */
export function offsetOf(id: Position): number {
  return Number.parseInt(id.slice(OFFSET_AT), 36);
}

/** The id of the message at `offset` in the partition of `sibling`, any id of the same room. */
export function withOffset(sibling: Position, offset: number): Position {
  return sibling.slice(0, OFFSET_AT) + offset.toString(36).padStart(sibling.length - OFFSET_AT, '0');
}
