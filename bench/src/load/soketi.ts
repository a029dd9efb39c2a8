import { createHmac } from 'node:crypto';
import type { Dialect, Heard, Speaker } from './dialect.ts';

/** The one application of the soketi of a benchmark; its secret is the key of the run's tokens. */
export const SOKETI_APP = 'bench';
/** Channels whose subscriptions are signed, soketi's way to authenticate. */
const PRIVATE = 'private-';

/** A channel may not have a colon in its name. */
function channelOf(room: string): string {
  return `${PRIVATE}${room.replace(':', ';')}`;
}

/** The Pusher protocol, as soketi speaks it. Messages are client events, which soketi does not acknowledge. */
export const soketi: Dialect = {
  speaker: (identity) => new SoketiSpeaker(identity.port, identity.key, identity.rooms),
  silentPublish: true,
  publishersJoin: true,
  // One event is one frame, and the server's pings are those of WebSocket itself.
  pingIn: () => undefined,
};

interface Event {
  readonly event: string;
  readonly data?: unknown;
}

class SoketiSpeaker implements Speaker {
  readonly address: Speaker['address'];
  readonly #key: string;
  readonly #rooms: readonly string[];
  #missing: number;

  constructor(port: number, key: string, rooms: readonly string[]) {
    this.address = { port, path: `/app/${SOKETI_APP}?protocol=7&client=bench&version=1` };
    this.#key = key;
    this.#rooms = rooms;
    this.#missing = rooms.length;
  }

  opening(): readonly string[] {
    return [];
  }

  publish(room: string, payload: string): string {
    return `{"event":"client-m","channel":"${channelOf(room)}","data":"${payload}"}`;
  }

  hear(frame: string): Heard {
    const { event, data } = JSON.parse(frame) as Event;
    if (event === 'pusher:connection_established') return this.#established(String(data));
    if (event.endsWith('error')) return { refused: frame };
    if (event !== 'pusher_internal:subscription_succeeded') return {};
    this.#missing -= 1;
    return this.#missing === 0 ? { joined: true } : {};
  }

  #established(data: string): Heard {
    const { socket_id: socket } = JSON.parse(data) as { socket_id: string };
    if (this.#rooms.length === 0) return { joined: true };
    return { answers: this.#rooms.map((room) => this.#subscription(channelOf(room), socket)) };
  }

  #subscription(channel: string, socket: string): string {
    const signature = createHmac('sha256', this.#key).update(`${socket}:${channel}`).digest('hex');
    return JSON.stringify({
      event: 'pusher:subscribe',
      data: { channel, auth: `${SOKETI_APP}:${signature}` },
    });
  }
}
