import { ChatClient } from './chat-client.ts';
import { systemClock, systemRandom, type Clock, type Random } from './clock.ts';
import { ClientError } from './errors.ts';
import { Tokens, type TokenSource } from './tokens.ts';
import { webSocketTransport, type Transport, type WebSocketClass } from './transport.ts';
import { browserWakes, type WakeSource } from './wake.ts';

/** How to connect. */
export interface ConnectOptions {
  /** Address of the platform: `wss://chat.example.com` (the path `/ws` is added when there is none). */
  readonly url: string;
  /** The token of the user, or a function that gets one. Only a function lets a connection outlive its token. */
  readonly token: TokenSource;
  /** Name and version of the application, for the platform's logs. */
  readonly application?: string;
  /** A class of standard WebSockets, where there is no global one. */
  readonly WebSocket?: WebSocketClass;
  /** Another way to carry frames than WebSockets. */
  readonly transport?: Transport;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Signs that connecting may succeed now; by default those of a browser. */
  readonly wakes?: WakeSource;
}

const SDK = 'chatplatform-js/0.1.0';

/**
 * Connects to a platform. Returns at once; everything that is asked of the client before there is a
 * connection is done when there is one.
 *
 * @example
 * ```ts
 * const client = connect({ url: 'wss://chat.example.com', token: () => fetchToken() });
 * const room = client.join('team:42');
 * room.on('message', ({ user, data }) => console.log(user, data));
 * await room.publish({ text: 'hello' });
 * ```
 *
 * @throws ClientError `invalid` when the address is none, or when there is no WebSocket.
 */
export function connect(options: ConnectOptions): ChatClient {
  const clock = options.clock ?? systemClock;
  const client = new ChatClient({
    url: addressOf(options.url),
    transport: options.transport ?? webSocketTransport(webSocketOf(options)),
    clock,
    random: options.random ?? systemRandom,
    tokens: new Tokens(options.token, clock),
    sdk: options.application === undefined ? SDK : `${SDK} ${options.application}`,
  });
  const stop = (options.wakes ?? browserWakes)(() => client.wake());
  client.on('state', ({ state }) => {
    if (state === 'closed') stop();
  });
  return client;
}

function webSocketOf(options: ConnectOptions): WebSocketClass {
  const found = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (!found) throw new ClientError('invalid', 'there is no global WebSocket; pass one as `WebSocket`');
  return found;
}

function addressOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ClientError('invalid', `"${text}" is no address; write ws://host:port or wss://host`, {
      cause,
    });
  }
  if (url.protocol === 'http:' || url.protocol === 'https:')
    url.protocol = url.protocol.replace('http', 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new ClientError('invalid', `"${text}" is no WebSocket address; write ws://host:port or wss://host`);
  }
  if (url.pathname === '/') url.pathname = '/ws';
  return url.href;
}
