/** How long it is remembered what was sent: longer than anything is sent for (a day), so nothing is sent twice. */
export const DELIVERY_KEEP_MS = 25 * 3_600_000;

/** What was sent to whom outside the platform, so that reading the events again sends nothing again. */
export interface Deliveries {
  isDone(receiver: string, id: string): Promise<boolean>;
  /** Remembers it for {@link DELIVERY_KEEP_MS}. */
  done(receiver: string, id: string): Promise<void>;
}
