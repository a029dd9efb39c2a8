import type { Dialect, Heard, Speaker } from './dialect.ts';

const PING = '{}';
const FIRST_ID = 2;

/** Centrifugo's bidirectional protocol in JSON: replies and pushes are lines, several may share a frame. */
export const centrifugo: Dialect = {
  speaker: (identity) => new CentrifugoSpeaker(identity.port, identity.token, identity.rooms),
  pingIn: (frame) => (frame.toString().split('\n').includes(PING) ? PING : undefined),
};

interface Line {
  readonly error?: { readonly code: number; readonly message: string };
  readonly connect?: unknown;
  readonly subscribe?: unknown;
  readonly publish?: unknown;
  readonly push?: { readonly disconnect?: unknown };
}

class CentrifugoSpeaker implements Speaker {
  readonly address: Speaker['address'];
  readonly #token: string;
  readonly #rooms: readonly string[];
  #missing: number;
  #nextId = FIRST_ID;

  constructor(port: number, token: string, rooms: readonly string[]) {
    this.address = { port, path: '/connection/websocket' };
    this.#token = token;
    this.#rooms = rooms;
    this.#missing = rooms.length;
  }

  opening(): readonly string[] {
    return [JSON.stringify({ id: 1, connect: { token: this.#token } })];
  }

  publish(room: string, payload: string): string {
    return `{"id":${this.#id()},"publish":{"channel":"${room}","data":"${payload}"}}`;
  }

  hear(frame: string): Heard {
    const answers: string[] = [];
    let heard: Heard = {};
    let acked = 0;
    for (const text of frame.split('\n').filter((line) => line !== '')) {
      if (text === PING) answers.push(PING);
      else {
        const line = JSON.parse(text) as Line;
        if (line.publish !== undefined) acked += 1;
        else heard = { ...heard, ...this.#other(line) };
      }
    }
    return { ...heard, acked, answers: [...answers, ...(heard.answers ?? [])] };
  }

  #other({ error, connect, subscribe, push }: Line): Heard {
    if (error !== undefined) return { refused: `${error.code} ${error.message}` };
    if (push?.disconnect !== undefined) return { refused: `disconnect ${JSON.stringify(push.disconnect)}` };
    if (connect !== undefined)
      return this.#rooms.length === 0 ? { joined: true } : { answers: [this.#subscriptions()] };
    if (subscribe === undefined) return {};
    this.#missing -= 1;
    return this.#missing === 0 ? { joined: true } : {};
  }

  #subscriptions(): string {
    return this.#rooms
      .map((channel) => JSON.stringify({ id: this.#id(), subscribe: { channel } }))
      .join('\n');
  }

  #id(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }
}
