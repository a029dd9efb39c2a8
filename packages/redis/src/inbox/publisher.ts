import type { Clock, Timer } from '@chatplatform/runtime';
import { INBOX_HEARTBEAT_MS, type InboxLine, type InboxPublisher } from './inbox.ts';
import { isHotChannel } from './hot-rooms.ts';
import { encodePayload } from './payload.ts';
import type { InboxTransport } from './transport.ts';

/** One payload stays well below Redis' output buffer limit for subscribers (32 MiB) even when many queue up. */
const MAX_PAYLOAD_CHARS = 262_144;
/** A gateway nobody listens for gets no heartbeats after this time; its number is kept, since numbers are never used twice. */
const DESERTED_MS = 60_000;
/**
 * A hot channel is signed off after this time without use: everybody always listens to it, and the heartbeats of
 * every worker for every room that once was hot would go on for ever. Who was away hears of the next use as a gap.
 */
const UNUSED_MS = 60_000;

interface Channel {
  /** Number of the last payload. */
  n: number;
  /** Monotonic ms when somebody listened, or it was published to. */
  aliveAt: number;
  /** The last number was told as final, and nothing came after it. */
  signedOff: boolean;
}

/** {@link InboxPublisher} over a transport. */
export class NumberedPublisher implements InboxPublisher {
  readonly #transport: InboxTransport;
  readonly #clock: Clock;
  readonly #incarnation: string;
  readonly #channels = new Map<string, Channel>();
  #timer: Timer | undefined;

  constructor(transport: InboxTransport, clock: Clock, incarnation: string) {
    this.#transport = transport;
    this.#clock = clock;
    this.#incarnation = incarnation;
    this.#schedule();
  }

  async publish(inbox: string, lines: readonly InboxLine[]): Promise<number> {
    const channel = this.#channel(inbox);
    channel.aliveAt = this.#clock.monotonic();
    channel.signedOff = false;
    // Numbers are given before anything is sent: what fails to arrive leaves a jump that the gateway sees.
    const sends = pieces(lines).map((piece) => {
      channel.n += 1;
      return this.#transport.publish(inbox, encodePayload({ w: this.#incarnation, n: channel.n }, piece));
    });
    const receivers = await Promise.all(sends);
    return Math.min(...receivers);
  }

  async signOff(): Promise<void> {
    this.#timer?.cancel();
    await this.#toAll('bye');
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => {
      void this.#toAll('hb');
      this.#schedule();
    }, INBOX_HEARTBEAT_MS);
  }

  async #toAll(mark: 'hb' | 'bye'): Promise<void> {
    await Promise.all([...this.#channels].map(([inbox, channel]) => this.#mark(inbox, channel, mark)));
  }

  async #mark(inbox: string, channel: Channel, wanted: 'hb' | 'bye'): Promise<void> {
    const mark = this.#markFor(inbox, channel, wanted);
    if (mark === undefined) return;
    channel.signedOff = mark === 'bye';
    const payload = encodePayload({ w: this.#incarnation, n: channel.n, [mark]: 1 });
    try {
      const receivers = await this.#transport.publish(inbox, payload);
      if (receivers > 0 && !isHotChannel(inbox)) channel.aliveAt = this.#clock.monotonic();
    } catch {
      // Not heard of: the gateway notices the silence, which is what a heartbeat is for.
    }
  }

  #markFor(inbox: string, channel: Channel, wanted: 'hb' | 'bye'): 'hb' | 'bye' | undefined {
    if (channel.signedOff) return undefined;
    const quietMs = this.#clock.monotonic() - channel.aliveAt;
    if (isHotChannel(inbox)) return quietMs > UNUSED_MS ? 'bye' : wanted;
    return quietMs > DESERTED_MS ? undefined : wanted;
  }

  #channel(inbox: string): Channel {
    let channel = this.#channels.get(inbox);
    if (!channel) {
      channel = { n: 0, aliveAt: 0, signedOff: false };
      this.#channels.set(inbox, channel);
    }
    return channel;
  }
}

/** Lines in payloads of bounded size, at least one payload. */
function pieces(lines: readonly InboxLine[]): InboxLine[][] {
  const out: InboxLine[][] = [[]];
  let size = 0;
  for (const line of lines) {
    if (size > 0 && size + line.length > MAX_PAYLOAD_CHARS) {
      out.push([]);
      size = 0;
    }
    out.at(-1)?.push(line);
    size += line.length;
  }
  return out;
}
