/**
 * Class of an item: `m` message, `v` latest value, `rj` refusal, `pr` presence, `ty` typing, `rc` receipts,
 * `ctl` control.
 */
export type InboxClass = 'm' | 'v' | 'rj' | 'pr' | 'ty' | 'rc' | 'ctl';

/** One item for a gateway. `-` stands on the wire for what is absent. */
export interface InboxItem {
  readonly class: InboxClass;
  readonly room?: string | undefined;
  readonly id?: string | undefined;
  readonly p?: string | undefined;
  /** `rj` only: the session it is for. */
  readonly sid?: string | undefined;
  /** The final line for clients; JSON of the command for `ctl`. Without line breaks. */
  readonly frame: string;
}

/** An item as it travels, encoded once for all gateways; made by `encodeInboxLine`. */
export type InboxLine = string;

/** Why items may be missing. */
export type InboxGap =
  | { readonly reason: 'first' | 'jump' | 'silent'; readonly publisher: string }
  | { readonly reason: 'reconnect' };

/** Heartbeat of publishers, and the silence after which a publisher without sign-off is a gap. */
export const INBOX_HEARTBEAT_MS = 2_000;
/** See {@link INBOX_HEARTBEAT_MS}: three heartbeats. */
export const INBOX_SILENCE_MS = 6_000;

/** Sends to gateways, numbered from 1 per gateway and hot channel, so that the gateway notices what it did not get. */
export interface InboxPublisher {
  /**
   * Sends lines in order to a gateway, or to all of them by a hot channel ({@link hotChannelOf}). Resolves with the number of receivers (0: nobody listens; not a reason to forget
   * the route). When it rejects, the lines may or may not have arrived and the gateway will see a gap; what arrives
   * behind a later one is not handed on.
   */
  publish(inbox: string, lines: readonly InboxLine[]): Promise<number>;
  /** Ends the heartbeats after a final number to every gateway, so that silence is no gap. */
  signOff(): Promise<void>;
}

/** Where items come from. */
export interface InboxSender {
  readonly publisher: string;
  /** Not numbered. */
  readonly ephemeral: boolean;
  /** Every gateway got them, whether it has members of the room or not. */
  readonly hot: boolean;
}

/** What a gateway does with its inbox. */
export interface InboxHandlers {
  /** Items in the order sent. Called synchronously; must not throw. */
  onItems(items: InboxItem[], from: InboxSender): void;
  /** Items may be missing before the ones that come next. */
  onGap(gap: InboxGap): void;
}

/** The inboxes of gateways: sharded pub/sub, at most once, with losses noticed. */
export interface Inbox {
  /** A numbered publisher (workers). `incarnation` must never be used twice. Heartbeats until {@link InboxPublisher.signOff}. */
  publisher(options: { readonly incarnation: string }): InboxPublisher;
  /**
   * Sends without a number, to a gateway or a hot channel: what may be lost unnoticed (typing), or is repeated by
   * other means. Returns the receivers.
   */
  send(inbox: string, from: string, lines: readonly InboxLine[]): Promise<number>;
  /** Listens to the inbox of `incarnation` and to every hot channel; resolves when everything sent from now on arrives. */
  subscribe(incarnation: string, handlers: InboxHandlers): Promise<{ close(): Promise<void> }>;
}
