import { connect, type ChatClient } from '@chatplatform/client';
import type { Position } from '@chatplatform/protocol';

/** A message as the traffic sees it. */
export interface TrafficMessage {
  readonly id: Position;
  readonly cid: string;
  readonly data: unknown;
}

/** What a room must be able to do for the traffic; tests put something broken in its place. */
export interface TrafficRoom {
  publish(data: unknown): Promise<{ id?: Position | undefined; cid: string; dup: boolean }>;
  onMessage(listener: (message: TrafficMessage) => void): void;
  onContinuityLost(listener: (reason: string) => void): void;
}

/** What a client must be able to do for the traffic. */
export interface TrafficClient {
  join(room: string): Promise<TrafficRoom>;
  /** Calls the listener whenever the connection was lost. */
  onDisconnect(listener: () => void): void;
  close(): void;
}

/** The SDK as a traffic client. */
export function sdkClient(url: string, token: () => Promise<string>): TrafficClient {
  const client = connect({ url, token });
  return {
    join: (room) => joinRoom(client, room),
    onDisconnect: (listener) => {
      client.on('state', (change) => {
        if (change.state === 'reconnecting') listener();
      });
    },
    close: () => client.close(),
  };
}

async function joinRoom(client: ChatClient, name: string): Promise<TrafficRoom> {
  const room = client.join(name, { limit: 0, classes: ['msg'] });
  await room.ready;
  return {
    publish: (data) => room.publish(data),
    onMessage: (listener) => {
      room.on('message', (message) => listener({ id: message.id, cid: message.cid, data: message.data }));
    },
    onContinuityLost: (listener) => {
      room.on('continuity', (lost) => listener(lost.reason));
    },
  };
}
