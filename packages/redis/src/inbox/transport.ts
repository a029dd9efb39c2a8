/** What a listener is told. */
export interface ChannelEars {
  payload(payload: string, channel: string): void;
  reconnect(): void;
}

/** The pub/sub an inbox stands on: at most once, in order per sender and channel. */
export interface InboxTransport {
  /** Sends to the listeners of a channel, an incarnation or a hot channel; resolves with their number. */
  publish(channel: string, payload: string): Promise<number>;
  /** Resolves when listening to all of `channels`. `reconnect`: so again after a break in which payloads were lost. */
  listen(channels: readonly string[], on: ChannelEars): Promise<{ close(): Promise<void> }>;
}
