import type { Clock, Timer } from '@chatplatform/runtime';
import { INBOX_HEARTBEAT_MS, INBOX_SILENCE_MS, type InboxHandlers } from './inbox.ts';
import { decodePayload, encodePayload, type PayloadHeader } from './payload.ts';
import type { InboxTransport } from './transport.ts';

/** How often silence is looked for: a fraction of {@link INBOX_SILENCE_MS}. */
const CHECK_MS = 1_000;
/** A gateway beats into its own inbox under this name: numbered, so that a lost or dead subscription is noticed without any other publisher. */
const SELF = '#self';

interface Heard {
  /** Number of the last payload. */
  n: number;
  /** Monotonic ms. */
  at: number;
}

/** One inbox: hands items on and tells when some may be missing. */
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
    this.#listener = await this.#transport.listen(this.#incarnation, {
      payload: (payload) => this.#receive(payload),
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

  #receive(payload: string): void {
    if (this.#closed) return;
    const decoded = decodePayload(payload);
    if (!decoded) return;
    const { header, items } = decoded;
    const ephemeral = header.e === 1;
    if (!ephemeral) this.#count(header);
    if (items.length > 0) this.#handlers.onItems(items, { publisher: header.w, ephemeral });
  }

  #count({ w: publisher, n = 0, hb, bye }: PayloadHeader): void {
    const known = this.#heard.get(publisher);
    const last = known?.n ?? 0;
    // A heartbeat or sign-off repeats the number of the last payload.
    const expected = hb === 1 || bye === 1 ? last : last + 1;
    if (bye === 1) this.#heard.delete(publisher);
    else this.#heard.set(publisher, { n: Math.max(n, last), at: this.#clock.monotonic() });
    if (n !== expected) this.#handlers.onGap({ reason: known ? 'jump' : 'first', publisher });
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
    for (const [publisher, { at }] of this.#heard) {
      if (now - at <= INBOX_SILENCE_MS) continue;
      this.#heard.delete(publisher);
      this.#handlers.onGap({ reason: 'silent', publisher });
    }
    this.#timers.check = this.#clock.setTimeout(() => this.#check(), CHECK_MS);
  }
}
