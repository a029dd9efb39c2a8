import { parseCid, protocolError, Limits, type ProtocolError, type Publish } from '@chatplatform/protocol';
import type { Clock, Timer } from '@chatplatform/runtime';

/** What happened to a publish. */
export type Outcome = { ok: true; id?: string; ts: number; dup: boolean } | { ok: false; err: ProtocolError };

/** A publish on its way. */
export interface Item {
  body: Publish;
  inst: string;
  n: number;
  settle: (outcome: Outcome) => void;
}

/** That a publish failed. The publish itself is not kept: the client sends it again. */
interface Failure {
  readonly n: number;
}

/** What a lane needs. */
export interface LanePorts {
  clock: Clock;
  /** Milliseconds until this lane may append one more; 0 takes the token. */
  admit: () => number;
  /** Looks a resend up; undefined = not known to be in the log. Must not reject. */
  lookUp: (item: Item) => Promise<Outcome | undefined>;
  /** Hands the record to the log; calls of one lane are in order and the log keeps that order. */
  append: (item: Item) => Promise<Outcome>;
}

/** What a client is told to wait before it resends: long enough for a leader change to begin, short enough to feel alive. */
const RETRY_AFTER_MS = 1000;

/**
 * Publishes of one client to one room.
 *
 * Invariants:
 * 1. Records are handed to the log in the order of `n`; a later one is never handed over after an earlier one failed
 *    with `retry`, until the client has sent that earlier one (or one before it) again with `re`, or the log is known
 *    to have everything before the later one: while a client moves, its old gateway may acknowledge what failed here,
 *    and then it is never sent again. A later resend alone does not open the lane: the earlier one would be taken for
 *    a duplicate and be lost.
 * 2. An outcome `ok` is told only after the log's acknowledgement, or for a duplicate after the log is known to have it.
 */
export class Lane {
  readonly #ports: LanePorts;
  readonly #waiting: Item[] = [];
  /** The lowest one that failed with `retry` and was not sent again yet; another object for each failure. */
  #failed: Failure | undefined;
  #highest = 0;
  /** The highest one that failed or was refused behind a failure. Up to it all have to come again before others pass. */
  #turnedAway = 0;
  #timer: Timer | undefined;
  #lookingUp = false;
  #closed: ProtocolError | undefined;
  #inFlight = 0;

  constructor(ports: LanePorts) {
    this.#ports = ports;
  }

  /** Publishes that have no outcome yet. */
  get pending(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /** True when forgetting this lane changes nothing that a client relies on. */
  get idle(): boolean {
    return this.pending === 0 && this.#failed === undefined;
  }

  publish(body: Publish): Promise<Outcome> {
    const cid = parseCid(body.cid);
    if (cid === undefined) return Promise.resolve(refusal(107, 'pub.cid: must be <inst>.<n>'));
    return new Promise((settle) => {
      const item: Item = { body, inst: cid.inst, n: cid.n, settle };
      const refused = this.#refuse(item);
      if (refused !== undefined) {
        settle(refused);
        return;
      }
      this.#highest = Math.max(this.#highest, item.n);
      this.#waiting.push(item);
      this.#pump();
    });
  }

  /** Refuses what waits and everything later with `err`; what is in flight still gets its outcome. */
  close(err: ProtocolError): void {
    this.#closed ??= err;
    this.#timer?.cancel();
    for (const item of this.#waiting.splice(0)) item.settle({ ok: false, err: this.#closed });
  }

  #refuse(item: Item): Outcome | undefined {
    if (this.#closed !== undefined) return { ok: false, err: this.#closed };
    if (this.#failed !== undefined) {
      if (item.body.re === undefined) return this.#behindFailure(item);
      if (this.#full()) return this.#turnAway(item, tooMany());
      // Whether one behind the failed one may pass is known when it and its predecessor were looked up.
      if (item.n > this.#failed.n) return undefined;
      this.#takeBack((later) => later.n > item.n);
      this.#openFor(item);
      this.#highest = item.n;
      return undefined;
    }
    if (item.body.re === undefined && item.n <= this.#highest) {
      return refusal(
        107,
        `pub.cid: number ${item.n} does not rise, ${this.#highest} was sent already in this room; a resend carries re`,
      );
    }
    if (!this.#full()) return undefined;
    this.#failed = { n: item.n };
    return this.#turnAway(item, tooMany());
  }

  #full(): boolean {
    return this.#waiting.length >= Limits.delayedPublishes;
  }

  /**
   * `item` passes. What follows it and was refused meanwhile has to come again first: a client sends ahead, and what it
   * sent before it heard of the refusal would pass now, and make the refused one look like a duplicate.
   */
  #openFor(item: Item): void {
    this.#failed = this.#turnedAway > item.n ? { n: item.n + 1 } : undefined;
  }

  #turnAway(item: Item, outcome: Outcome): Outcome {
    this.#turnedAway = Math.max(this.#turnedAway, item.n);
    return outcome;
  }

  #behindFailure(item: Item): Outcome {
    const which = this.#failed === undefined ? 'an earlier number' : `number ${this.#failed.n}`;
    const msg = `${which} of this room failed before; send it again first, with re`;
    return this.#turnAway(item, refusal(114, msg, RETRY_AFTER_MS));
  }

  #pump(): void {
    while (!this.#lookingUp && this.#timer === undefined) {
      const item = this.#waiting[0];
      if (item === undefined) return;
      const waitMs = this.#ports.admit();
      if (waitMs > 0) {
        this.#delay(waitMs);
        return;
      }
      this.#waiting.shift();
      if (item.body.re === undefined) void this.#append(item);
      else void this.#resend(item);
    }
  }

  #delay(ms: number): void {
    this.#timer = this.#ports.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, ms);
  }

  async #resend(item: Item): Promise<void> {
    this.#lookingUp = true;
    this.#inFlight += 1;
    const wasBehind = this.#isBehind(item);
    const known = await this.#ports.lookUp(item);
    const mayPass = known !== undefined || !wasBehind || (await this.#isNextInLog(item));
    this.#inFlight -= 1;
    this.#lookingUp = false;
    if (known !== undefined) this.#settle(item, known);
    else if (!mayPass || this.#isBehind(item)) item.settle(this.#behindFailure(item));
    else if (this.#closed !== undefined) item.settle({ ok: false, err: this.#closed });
    else void this.#append(item);
    this.#pump();
  }

  #isBehind(item: Item): boolean {
    return this.#failed !== undefined && item.n > this.#failed.n;
  }

  /**
   * Opens the lane for `item` when the log turns out to have everything before it: its predecessor, numbers being
   * dense. That only the failed one is there is not enough: one in between may have been refused a moment ago, and
   * would be taken for a duplicate after `item`. False when it is not known, or the failed one came again meanwhile.
   */
  async #isNextInLog(item: Item): Promise<boolean> {
    const failed = this.#failed;
    const known = failed && (await this.#ports.lookUp({ ...item, n: item.n - 1 }));
    if (known?.ok !== true || this.#failed !== failed) return false;
    this.#openFor(item);
    return true;
  }

  async #append(item: Item): Promise<void> {
    this.#inFlight += 1;
    const outcome = await this.#ports.append(item);
    this.#inFlight -= 1;
    this.#settle(item, outcome);
  }

  #settle(item: Item, outcome: Outcome): void {
    if (!outcome.ok && outcome.err.retry) this.#fail(item);
    item.settle(outcome);
  }

  /** What waits behind the failed one fails with it. */
  #fail(failed: Item): void {
    this.#turnedAway = Math.max(this.#turnedAway, failed.n);
    if (!this.#isBehind(failed)) this.#failed = { n: failed.n };
    this.#takeBack((item) => this.#isBehind(item));
  }

  #takeBack(isTaken: (item: Item) => boolean): void {
    for (const item of this.#waiting.splice(0)) {
      if (isTaken(item)) item.settle(this.#behindFailure(item));
      else this.#waiting.push(item);
    }
  }
}

function tooMany(): Outcome {
  const msg = `${Limits.delayedPublishes} publishes to this room wait for the rate already`;
  return refusal(111, msg, RETRY_AFTER_MS);
}

function refusal(code: 107 | 111 | 114, msg: string, after?: number): Outcome {
  return { ok: false, err: protocolError(code, msg, after) };
}
