import type { WebSocket } from 'uWebSockets.js';
import type { Outflow } from './outflow.ts';
import type { Socket } from './socket.ts';

/** User data uWebSockets keeps per socket: what the upgrade request told, then the connection itself. */
export interface ConnectionData {
  id: number;
  remoteAddress: string;
  offeredToken: string | undefined;
  supported: boolean;
  connection?: Connection;
}

/**
 * The only place a uWebSockets object is touched: it throws on any access after its close, so every method asks
 * the closed flag first, and nothing else may hold the raw object.
 */
export class Connection implements Socket {
  readonly id: number;
  readonly remoteAddress: string;
  readonly offeredToken: string | undefined;
  readonly #ws: WebSocket<ConnectionData>;
  readonly #outflow: Outflow;
  #closed = false;
  #overflowed = false;

  constructor(ws: WebSocket<ConnectionData>, outflow: Outflow) {
    const data = ws.getUserData();
    this.id = data.id;
    this.remoteAddress = data.remoteAddress;
    this.offeredToken = data.offeredToken;
    this.#ws = ws;
    this.#outflow = outflow;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Called by the server when the library dropped a frame. */
  markOverflowed(): void {
    this.#overflowed = true;
  }

  /** Called by the server from the close handler, before anyone else hears of it. */
  markClosed(): void {
    this.#closed = true;
  }

  send(frame: string): boolean {
    if (this.#closed) return false;
    this.#outflow.add(frame);
    // 2 = dropped; with closeOnBackpressureLimit the library closes the socket right after.
    return this.#ws.send(frame, false, false) !== 2;
  }

  subscribe(topic: string): void {
    if (!this.#closed) this.#ws.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    if (!this.#closed) this.#ws.unsubscribe(topic);
  }

  bufferedBytes(): number {
    return this.#closed ? 0 : this.#ws.getBufferedAmount();
  }

  end(code: number, reason: string): void {
    // The close handler runs inside this call.
    if (!this.#closed) this.#ws.end(code, reason);
  }

  destroy(): void {
    if (!this.#closed) this.#ws.close();
  }
}
