import type { Broadcaster, Socket } from '../server/socket.ts';

/** Sockets and topics in memory, with the order guarantees of the real server. */
export class FakeSockets implements Broadcaster {
  readonly topics = new Map<string, Set<FakeSocket>>();
  #nextId = 1;

  open(): FakeSocket {
    const socket = new FakeSocket(this.#nextId, this);
    this.#nextId += 1;
    return socket;
  }

  publish(topic: string, frame: string): void {
    for (const socket of this.topics.get(topic) ?? []) socket.send(frame);
  }

  subscribers(topic: string): number {
    return this.topics.get(topic)?.size ?? 0;
  }
}

/** One socket; `frames` is what its client saw. */
export class FakeSocket implements Socket {
  readonly id: number;
  readonly remoteAddress = '127.0.0.1';
  readonly offeredToken = undefined;
  readonly frames: string[] = [];
  closed = false;
  readonly overflowed = false;
  closeCode: number | undefined;
  buffered = 0;
  onClose: ((code: number) => void) | undefined;
  onFrame: ((frame: string) => void) | undefined;
  readonly #all: FakeSockets;

  constructor(id: number, all: FakeSockets) {
    this.id = id;
    this.#all = all;
  }

  /** Lines of all frames. */
  get lines(): Record<string, unknown>[] {
    return this.frames
      .flatMap((frame) => frame.split('\n'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  send(frame: string): boolean {
    if (this.closed) return false;
    this.frames.push(frame);
    this.onFrame?.(frame);
    return true;
  }

  subscribe(topic: string): void {
    if (this.closed) return;
    const members = this.#all.topics.get(topic) ?? new Set();
    this.#all.topics.set(topic, members.add(this));
  }

  unsubscribe(topic: string): void {
    this.#all.topics.get(topic)?.delete(this);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  end(code: number): void {
    if (this.closed) return;
    this.closed = true;
    this.closeCode = code;
    for (const members of this.#all.topics.values()) members.delete(this);
    this.onClose?.(code);
  }

  destroy(): void {
    this.end(1006);
  }
}
