import { ChatClient } from './chat-client.ts';
import { systemClock, systemRandom, type Clock, type Random } from './clock.ts';
import { Tokens, type TokenSource } from './connection/tokens.ts';
import { webSocketTransport, type Transport, type WebSocketClass } from './connection/transport.ts';
import { browserWakes, type WakeSource } from './connection/wake.ts';
import { ClientError } from './errors.ts';
import { INSTANCE_LENGTH, memoryOutbox, type OutboxStore } from './outbox/outbox-store.ts';

/** How to connect. */
export interface ConnectOptions {
  /** Address of the platform: `wss://chat.example.com` (the path `/ws` is added when there is none). */
  readonly url: string;
  /**
   * The token of the user (a JWT), or a function that gets one. The function is called again a minute before the token
   * ends and when one is not accepted any more; only with it a connection outlives its token.
   */
  readonly token: TokenSource;
  /** Name and version of the application, for the platform's logs. */
  readonly application?: string;
  /** Where unacknowledged publishes are kept. Default: in memory; {@link openIndexedDbOutbox} outlives the page. */
  readonly outbox?: OutboxStore;
  /** A class of standard WebSockets, where there is no global one. */
  readonly WebSocket?: WebSocketClass;
  /** Another way to carry frames than WebSockets. */
  readonly transport?: Transport;
  /** Time; for tests. */
  readonly clock?: Clock;
  /** Randomness; for tests. */
  readonly random?: Random;
  /** Signs that connecting may succeed now; by default those of a browser. */
  readonly wakes?: WakeSource;
}

const SDK = 'chatplatform-js/0.1.0';

/**
 * Connects to a platform. Returns at once; everything that is asked of the client before there is a
 * connection is done when there is one. Failures after that are the client's `error` event: a retryable one is told
 * and tried again, any other has closed the client.
 *
 * @throws ClientError `invalid` when the address is none, or when there is no WebSocket.
 *
 * @example
 * ```ts
 * import { connect } from '@chatplatform/client';
 *
 * const client = connect({ url: 'wss://chat.example.com', token: () => fetchToken() });
 * client.on('error', ({ message }) => console.error(message));
 *
 * const room = client.join<{ text: string }>('team:42');
 * room.on('message', ({ user, data }) => console.log(user, data.text));
 * await room.publish({ text: 'hello' });
 * ```
 */
export function connect(options: ConnectOptions): ChatClient {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const client = new ChatClient({
    url: addressOf(options.url),
    transport: options.transport ?? webSocketTransport(webSocketOf(options)),
    clock,
    random,
    tokens: new Tokens(options.token, clock),
    store: options.outbox ?? memoryOutbox(random.id(INSTANCE_LENGTH)),
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
