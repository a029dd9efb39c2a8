import type { Address } from './raw-socket.ts';

/** What a frame of a server means to a load client. */
export interface Heard {
  /** Frames to be sent back at once. */
  readonly answers?: readonly string[];
  /** The client is authenticated and in its rooms. */
  readonly joined?: boolean;
  /** Publishes the server has confirmed. */
  readonly acked?: number;
  /** Something was refused: the text, for people. */
  readonly refused?: string;
}

/** One client's side of a server's protocol. Deliveries are not its business: they are found by their payload. */
export interface Speaker {
  readonly address: Address;
  /** Frames to send when the socket is open. */
  opening(): readonly string[];
  /** A frame without any delivery in it, or the one before the client had joined. */
  hear(frame: string): Heard;
  publish(room: string, payload: string): string;
}

/** Who a client is. */
export interface Identity {
  readonly user: string;
  readonly token: string;
  /** Signs what the server's own way to authenticate wants signed. */
  readonly key: string;
  readonly rooms: readonly string[];
  readonly port: number;
}

/** A server's protocol. */
export interface Dialect {
  speaker(identity: Identity): Speaker;
  /** The server never says that it has a message: what was sent counts as answered. */
  readonly silentPublish?: true;
  /** Only members of a room may publish into it; they do not get their own messages. */
  readonly publishersJoin?: true;
  /**
   * Finds, in a frame with deliveries, what has to be answered all the same. A client that overlooks a ping is
   * closed, and that would look like loss.
   */
  pingIn(frame: Buffer): string | undefined;
}
