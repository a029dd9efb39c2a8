/** The pub/sub an inbox stands on: at most once, in order per sender and channel. */
export interface InboxTransport {
  /** Sends to the listeners of `incarnation`; resolves with their number. */
  publish(incarnation: string, payload: string): Promise<number>;
  /** Resolves when listening. `onReconnect`: listening again after a break in which payloads were lost. */
  listen(
    incarnation: string,
    on: { payload(payload: string): void; reconnect(): void },
  ): Promise<{ close(): Promise<void> }>;
}
