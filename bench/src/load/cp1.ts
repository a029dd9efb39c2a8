import { randomBytes } from 'node:crypto';
import type { Dialect, Heard, Identity, Speaker } from './dialect.ts';

const PING = '{}';
const INSTANCE_BYTES = 12;

/** ChatPlatform's own protocol, as its page describes it. */
export const cp1: Dialect = {
  speaker: (identity) => new Cp1Speaker(identity),
  pingIn: (frame) => (frame.includes(PING) ? PING : undefined),
};

interface Line {
  readonly i?: number;
  readonly err?: { readonly code: number; readonly msg: string };
  readonly hello?: { readonly rooms?: Record<string, { readonly err?: unknown }> };
  readonly pub?: unknown;
  readonly bye?: unknown;
}

class Cp1Speaker implements Speaker {
  readonly address: Speaker['address'];
  readonly #identity: Identity;
  readonly #inst = randomBytes(INSTANCE_BYTES).toString('hex');
  readonly #numbers = new Map<string, number>();
  #nextI = 2;

  constructor(identity: Identity) {
    this.#identity = identity;
    this.address = { port: identity.port, path: '/ws', protocol: 'cp1.json' };
  }

  opening(): readonly string[] {
    const rooms = Object.fromEntries(
      this.#identity.rooms.map((room) => [room, { limit: 0, classes: ['msg'] }]),
    );
    return [JSON.stringify({ i: 1, hello: { token: this.#identity.token, inst: this.#inst, rooms } })];
  }

  publish(room: string, payload: string): string {
    const number = (this.#numbers.get(room) ?? 0) + 1;
    this.#numbers.set(room, number);
    const i = this.#nextI;
    this.#nextI += 1;
    return `{"i":${i},"pub":{"room":"${room}","cid":"${this.#inst}.${number}","data":"${payload}"}}`;
  }

  hear(frame: string): Heard {
    let heard: { answers?: readonly string[]; joined?: boolean; acked: number; refused?: string } = {
      acked: 0,
    };
    for (const text of frame.split('\n')) {
      if (text === PING) heard = { ...heard, answers: [PING] };
      else if (text.includes('"pub":') && !text.includes('"err":')) heard.acked += 1;
      else heard = { ...heard, ...other(JSON.parse(text) as Line) };
    }
    return heard;
  }
}

function other(line: Line): Pick<Heard, 'joined' | 'refused'> {
  if (line.err !== undefined) return { refused: `${line.err.code} ${line.err.msg}` };
  if (line.bye !== undefined) return { refused: `bye ${JSON.stringify(line.bye)}` };
  if (line.hello === undefined) return {};
  const failed = Object.entries(line.hello.rooms ?? {}).find(([, room]) => room.err !== undefined);
  return failed === undefined
    ? { joined: true }
    : { refused: `${failed[0]}: ${JSON.stringify(failed[1].err)}` };
}
