/** What a socket tells its owner. After `onClose` nothing more comes. */
export interface SocketHandlers {
  onOpen(): void;
  onFrame(text: string): void;
  /** `after`: window of milliseconds in which the server wants the next try. */
  onClose(code: number, reason: string, after?: readonly [number, number]): void;
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
    listenToRefusal(socket, handlers);
    return socket;
  };
}

/** What the `ws` package tells of an upgrade that was refused; the standard keeps it from its users. */
interface TellsRefusals {
  on(
    type: 'unexpected-response',
    listener: (
      request: { destroy(): void },
      response: { statusCode?: number; headers: Record<string, unknown> },
    ) => void,
  ): void;
}

function listenToRefusal(socket: WebSocketLike, handlers: SocketHandlers): void {
  if (!('on' in socket)) return;
  (socket as unknown as TellsRefusals).on('unexpected-response', (request, { statusCode, headers }) => {
    handlers.onClose(1006, `HTTP ${statusCode}`, windowOf(Number(headers['retry-after'])));
    request.destroy();
  });
}

/** `Retry-After` is one moment for everybody; spread over half as much again, so that not all come at it. */
function windowOf(seconds: number): [number, number] | undefined {
  return seconds > 0 ? [seconds * 1_000, seconds * 1_500] : undefined;
}
