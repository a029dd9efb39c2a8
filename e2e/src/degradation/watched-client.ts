import { connect, type ChatClient, type Message, type Room, type WebSocketClass } from '@chatplatform/client';
import { until } from '@chatplatform/runtime';

/** The SDK, with everything a test may want to know of what it was told. */
export interface WatchedClient {
  readonly client: ChatClient;
  /** Every frame of the gateway, over all sockets. */
  readonly frames: readonly string[];
  /** Losses of continuity the rooms were told of. */
  readonly losses: readonly string[];
  /** Joins a room; `got` grows with every message. */
  join(name: string): Promise<{ room: Room; got: Message[] }>;
  close(): void;
}

/** Connects; the first connection may still be to come. */
export function watchedClient(url: string, token: () => Promise<string>): WatchedClient {
  const frames: string[] = [];
  const losses: string[] = [];
  class Sniffed extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols);
      this.addEventListener('message', ({ data }) => frames.push(String(data)));
    }
  }
  const client = connect({ url, token, WebSocket: Sniffed as WebSocketClass });
  return {
    client,
    frames,
    losses,
    join: async (name) => {
      const room = client.join(name);
      const got: Message[] = [];
      room.on('message', (message) => got.push(message));
      room.on('continuity', ({ reason }) => losses.push(reason));
      await room.ready;
      return { room, got };
    },
    close: () => client.close(),
  };
}

/** Resolves when the client was told that exactly these parts do not work. */
export async function degradedTo({ client }: WatchedClient, parts: readonly string[]): Promise<void> {
  const wanted = parts.toSorted().join();
  await until(() => client.degraded.toSorted().join() === wanted, 60_000, `degraded parts "${wanted}"`);
}
