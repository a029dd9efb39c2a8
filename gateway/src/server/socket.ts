/** What the rest of the gateway knows of a WebSocket. Only this folder knows the library behind it. */
export interface Socket {
  /** Rises by one per accepted connection of this process. */
  readonly id: number;
  /** Address of the peer as this process sees it (that of a proxy, when one is in front). */
  readonly remoteAddress: string;
  /** Token from the `Authorization` header or the subprotocol list; the `hello` frame may bring its own. */
  readonly offeredToken: string | undefined;
  /** True from the moment the connection ended; every method is then a no-op. */
  readonly closed: boolean;
  /** True when a frame found no room any more; the connection is then cut, because a hole must not be seen. */
  readonly overflowed: boolean;
  /** Queues one text frame. False: the socket is closed or over its limit and will be closed. */
  send(frame: string): boolean;
  /** Frames published on `topic` reach this socket from now on, and none published earlier. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Bytes that wait in this process because the peer reads too slowly. */
  bufferedBytes(): number;
  /** Sends a close frame and ends the connection. */
  end(code: number, reason: string): void;
  /** Cuts the connection without a close frame (the peer sees 1006). */
  destroy(): void;
}

/** Sends one frame to every socket that is subscribed to a topic. */
export interface Broadcaster {
  publish(topic: string, frame: string): void;
  /** Sockets subscribed to `topic` on this gateway. */
  subscribers(topic: string): number;
}

/** What a server reports. Handlers are called synchronously and must not throw. */
export interface SocketEvents {
  opened(socket: Socket): void;
  /** `text` is undefined for a binary frame. */
  received(socket: Socket, text: string | undefined): void;
  /** Buffered bytes went down. */
  drained(socket: Socket): void;
  closed(socket: Socket, code: number): void;
}

/** Why an upgrade is refused; the answer is an HTTP status with an optional `Retry-After`. */
export interface Refusal {
  status: '403 Forbidden' | '429 Too Many Requests' | '503 Service Unavailable';
  /** Code of the protocol's table of errors. */
  code: 103 | 111 | 114 | 115;
  reason: string;
  retryAfterSeconds?: number;
}

/** Facts of an upgrade request, read before anything is awaited. */
export interface UpgradeRequest {
  remoteAddress: string;
  origin: string;
}
