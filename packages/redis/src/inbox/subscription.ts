import type { Clock, Timer } from '@chatplatform/runtime';
import { INBOX_HEARTBEAT_MS, INBOX_SILENCE_MS, type InboxHandlers } from './inbox.ts';
import { hotChannels, isHotChannel } from './hot-rooms.ts';
import { decodePayload, encodePayload, type PayloadHeader } from './payload.ts';
import type { InboxTransport } from './transport.ts';

/** How often silence is looked for: a fraction of {@link INBOX_SILENCE_MS}. */
const CHECK_MS = 1_000;
/** Numbers that are remembered, of all workers there have been; a forgotten one costs a comparison of heads. */
const MAX_HEARD = 4_096;
/** A gateway beats into its own inbox under this name: numbered, so that a lost or dead subscription is noticed without any other publisher. */
const SELF = '#self';

interface Heard {
  readonly publisher: string;
  /** Number of the last payload. */
  n: number;
  /** Monotonic ms. */
  at: number;
}

/** One inbox, and the hot channels: hands items on and tells when some may be missing. */
export class Subscription {
  readonly #transport: InboxTransport;
  readonly #clock: Clock;
  readonly #incarnation: string;
  readonly #handlers: InboxHandlers;
  readonly #heard = new Map<string, Heard>();
  readonly #timers: { beat?: Timer; check?: Timer } = {};
  #listener: { close(): Promise<void> } | undefined;
  #beats = 0;
  #closed = false;

  constructor(transport: InboxTransport, clock: Clock, of: { incarnation: string; handlers: InboxHandlers }) {
    this.#transport = transport;
    this.#clock = clock;
    this.#incarnation = of.incarnation;
    this.#handlers = of.handlers;
  }

  async open(): Promise<this> {
    this.#listener = await this.#transport.listen([this.#incarnation, ...hotChannels()], {
      payload: (payload, channel) => this.#receive(payload, channel),
      reconnect: () => this.#handlers.onGap({ reason: 'reconnect' }),
    });
    this.#beat();
    this.#check();
    return this;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.beat?.cancel();
    this.#timers.check?.cancel();
    await this.#listener?.close();
  }

  #receive(payload: string, channel: string): void {
    if (this.#closed) return;
    const decoded = decodePayload(payload);
    if (!decoded) return;
    const { header, items } = decoded;
    const ephemeral = header.e === 1;
    if (!ephemeral && !this.#count(header, channel)) return;
    if (items.length === 0) return;
    this.#handlers.onItems(items, { publisher: header.w, ephemeral, hot: channel !== this.#incarnation });
  }

  /**
   * Each publisher numbers each channel for itself. False for a payload that is late: what its publisher gave up may still
   * arrive behind what was sent later, because Redis answered too late or the driver sent it again. It was told as a gap
   * when the later one came; handed on now it would overturn the order.
   */
  #count({ w: publisher, n = 0, hb, bye }: PayloadHeader, channel: string): boolean {
    const source = `${channel} ${publisher}`;
    const known = this.#heard.get(source);
    const last = known?.n ?? 0;
    // A heartbeat or sign-off repeats the number of the last payload.
    const expected = hb === 1 || bye === 1 ? last : last + 1;
    if (n < expected) return false;
    const newest = { publisher, n, at: this.#clock.monotonic() };
    if (bye === 1) this.#signedOff(channel, source, newest);
    else this.#heard.set(source, newest);
    if (n > expected) this.#handlers.onGap({ reason: known ? 'jump' : 'first', publisher });
    return true;
  }

  /** A hot channel may be used again, by a number that follows: not being heard of meanwhile is no silence. */
  #signedOff(channel: string, source: string, newest: Heard): void {
    this.#heard.delete(source);
    if (!isHotChannel(channel)) return;
    this.#heard.set(source, { ...newest, at: Infinity });
    if (this.#heard.size <= MAX_HEARD) return;
    const [oldest] = [...this.#heard].find(([, { at }]) => at === Infinity) ?? [];
    if (oldest !== undefined) this.#heard.delete(oldest);
  }

  #beat(): void {
    this.#beats += 1;
    const payload = encodePayload({ w: this.#incarnation + SELF, n: this.#beats });
    // A beat that cannot be sent is a beat not heard: the check below notices.
    this.#transport.publish(this.#incarnation, payload).catch(() => undefined);
    this.#timers.beat = this.#clock.setTimeout(() => this.#beat(), INBOX_HEARTBEAT_MS);
  }

  #check(): void {
    const now = this.#clock.monotonic();
    for (const [source, { publisher, at }] of this.#heard) {
      if (now - at <= INBOX_SILENCE_MS) continue;
      this.#heard.delete(source);
      this.#handlers.onGap({ reason: 'silent', publisher });
    }
    this.#timers.check = this.#clock.setTimeout(() => this.#check(), CHECK_MS);
  }
}
