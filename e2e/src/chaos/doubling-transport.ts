import type { Socket, SocketHandlers, Transport } from '@chatplatform/client';

/** Two gateways on one port are told apart by dialling again: after so many tries there is only one. */
const MAX_DIALS = 30;
/** Until a second connection that ended is dialled again, ms. */
const REDIAL_MS = 500;
/** What a resend tells of its age, ms. */
const RESENT_MS = 1;
const SUBPROTOCOL = 'cp1.json';

interface Line {
  readonly i?: number;
  readonly hello?: { readonly gateway?: string; readonly resume?: unknown; readonly rooms?: unknown };
  readonly pub?: { readonly room?: string; readonly cid?: string };
  readonly err?: { readonly retry?: boolean };
}

/**
 * A connection whose every publish goes out twice under the same `cid`: first over a second connection to another
 * gateway, whose answers nobody hears, and then over itself, marked as a resend. That is what a client does that
 * believes its last connection dead when it is not. What went out while there was no second connection is acknowledged
 * before anything of its room is doubled again: a number must not pass one below it.
 */
export function doublingTransport(): Transport {
  return (url, handlers) => new DoubledSocket(url, handlers);
}

class DoubledSocket implements Socket {
  readonly #url: string;
  readonly #main: WebSocket;
  #greeting: Line['hello'];
  #gateway: string | undefined;
  #shadow: WebSocket | undefined;
  #ready = false;
  #closed = false;
  readonly #alone = new Alone();

  constructor(url: string, handlers: SocketHandlers) {
    this.#url = url;
    this.#main = new WebSocket(url, [SUBPROTOCOL]);
    this.#main.addEventListener('open', () => handlers.onOpen());
    this.#main.addEventListener('message', ({ data }) => {
      this.#learn(String(data));
      this.#alone.heard(String(data));
      handlers.onFrame(String(data));
    });
    this.#main.addEventListener('close', ({ code, reason }) => {
      this.#end();
      handlers.onClose(code, reason);
    });
    this.#main.addEventListener('error', () => undefined);
  }

  send(frame: string): void {
    this.#main.send(
      frame
        .split('\n')
        .map((text) => this.#double(text))
        .join('\n'),
    );
  }

  /** Says a publish over the shadow, as if for the first time. @returns the line for the connection that counts */
  #double(text: string): string {
    const line = JSON.parse(text) as Line;
    this.#greeting ??= line.hello;
    if (line.pub === undefined) return text;
    if (!this.#ready || this.#shadow?.readyState !== WebSocket.OPEN || this.#alone.has(line)) {
      this.#alone.said(line);
      return text;
    }
    this.#shadow.send(text);
    return JSON.stringify({ ...line, pub: { re: RESENT_MS, ...line.pub } });
  }

  close(code: number, reason: string): void {
    this.#end();
    this.#main.close(code, reason);
  }

  #end(): void {
    this.#closed = true;
    this.#shadow?.close();
  }

  #learn(frame: string): void {
    if (this.#gateway !== undefined) return;
    this.#gateway = gatewayIn(frame);
    if (this.#gateway !== undefined) this.#dial(1);
  }

  #dial(attempt: number): void {
    if (this.#closed || attempt > MAX_DIALS) return;
    const shadow = new WebSocket(this.#url, [SUBPROTOCOL]);
    this.#shadow = shadow;
    shadow.addEventListener('open', () => {
      // Its session is its own, and it joins nothing: it only says again what the first one says.
      const { resume: _, rooms: __, ...greeting } = this.#greeting ?? {};
      shadow.send(JSON.stringify({ i: 0, hello: greeting }));
    });
    shadow.addEventListener('message', ({ data }) => this.#hearShadow(shadow, String(data), attempt));
    shadow.addEventListener('close', () => {
      if (shadow !== this.#shadow) return;
      this.#ready = false;
      // Its gateway ended; another is there, or comes back.
      setTimeout(() => this.#dial(1), REDIAL_MS);
    });
    shadow.addEventListener('error', () => undefined);
  }

  #hearShadow(shadow: WebSocket, frame: string, attempt: number): void {
    if (frame === '{}') {
      shadow.send('{}');
      return;
    }
    const gateway = gatewayIn(frame);
    if (gateway === undefined) return;
    if (gateway === this.#gateway) {
      shadow.close();
      this.#dial(attempt + 1);
    } else this.#ready = true;
  }
}

/** What was published over one connection only and is not acknowledged yet. */
class Alone {
  /** Room → `cid`s. */
  readonly #rooms = new Map<string, Set<string>>();
  readonly #requests = new Map<number, { room: string; cid: string }>();

  has({ pub: { room = '' } = {} }: Line): boolean {
    return (this.#rooms.get(room)?.size ?? 0) > 0;
  }

  said({ i = 0, pub: { room = '', cid = '' } = {} }: Line): void {
    const cids = this.#rooms.get(room) ?? new Set();
    this.#rooms.set(room, cids.add(cid));
    this.#requests.set(i, { room, cid });
  }

  heard(frame: string): void {
    for (const text of frame.split('\n')) {
      const { i = -1, err } = JSON.parse(text) as Line;
      const said = this.#requests.get(i);
      this.#requests.delete(i);
      // What is refused for a moment is said again.
      if (said !== undefined && err?.retry !== true) this.#rooms.get(said.room)?.delete(said.cid);
    }
  }
}

function gatewayIn(frame: string): string | undefined {
  for (const text of frame.split('\n')) {
    const gateway = (JSON.parse(text) as Line).hello?.gateway;
    if (gateway !== undefined) return gateway;
  }
  return undefined;
}
