/** What a socket tells its owner. After `onClose` nothing more comes. */
export interface SocketHandlers {
  onOpen(): void;
  onFrame(text: string): void;
  onClose(code: number, reason: string): void;
}

/** A socket that carries text frames in order. */
export interface Socket {
  send(frame: string): void;
  close(code: number, reason: string): void;
}

/** Opens a socket. Failing to connect is an `onClose` with 1006. */
export type Transport = (url: string, handlers: SocketHandlers) => Socket;

/** The part of the standard WebSocket that is used; browsers, Node 22 and the `ws` package have it. */
export interface WebSocketLike {
  addEventListener(type: string, listener: (event: never) => void): void;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** A class of standard WebSockets. */
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

/** The subprotocol a gateway must choose. */
export const SUBPROTOCOL = 'cp1.json';

/** A transport over standard WebSockets. */
export function webSocketTransport(WebSocket: WebSocketClass): Transport {
  return (url, handlers) => {
    const socket = new WebSocket(url, [SUBPROTOCOL]);
    socket.addEventListener('open', () => handlers.onOpen());
    // A binary frame is not cp1; as text it fails to parse, and the link ends for it.
    socket.addEventListener('message', (event: { data: unknown }) =>
      handlers.onFrame(typeof event.data === 'string' ? event.data : ''),
    );
    socket.addEventListener('close', (event: { code: number; reason: string }) =>
      handlers.onClose(event.code, event.reason),
    );
    // Every error is followed by a close, which says more; unheard, some implementations throw.
    socket.addEventListener('error', () => undefined);
    return socket;
  };
}
