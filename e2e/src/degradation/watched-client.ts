import { connect, type ChatClient, type Message, type Room, type WebSocketClass } from '@chatplatform/client';

/** How long anything may take on a machine that does many other things at once. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

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

/** Resolves when `condition` holds. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Resolves when the client was told that exactly these parts do not work. */
export function degradedTo({ client }: WatchedClient, parts: readonly string[]): Promise<void> {
  const wanted = parts.toSorted().join();
  return eventually(`degraded parts "${wanted}"`, () => client.degraded.toSorted().join() === wanted);
}
