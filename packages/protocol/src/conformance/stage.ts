import type { Capabilities } from '../capabilities.ts';

/** A line from the gateway, parsed. */
export type Line = Readonly<Record<string, unknown>>;

/** One WebSocket, as raw as a runner can give it. */
export interface Wire {
  /** Lines that came, pings left out. */
  readonly lines: readonly Line[];
  /** Pings that came. */
  readonly pings: number;
  /** The close code once the socket has ended; 1006 for an end without one. */
  readonly closeCode: number | undefined;
  /** A string goes out as a text frame, bytes as a binary one. */
  send(frame: string | Uint8Array): void;
  /** Resolves true as soon as `condition` holds (it is asked after every line and at the end), false after `ms`. */
  when(condition: () => boolean, ms: number): Promise<boolean>;
  /** Ends with a close frame. */
  close(code: number): void;
  /** Ends without one. */
  cut(): void;
  /** Stops or resumes reading from the network. */
  stall(stalled: boolean): void;
}

/** How to open a socket. */
export interface DialOptions {
  /** Subprotocols to offer; `cp1.json` when left out. */
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** False = pings are not answered. */
  readonly pongs?: boolean;
}

/** An upgrade that was answered with a plain HTTP response. */
export interface RefusedUpgrade {
  readonly status: number;
  /** Seconds of `Retry-After`. */
  readonly retryAfter: number | undefined;
}

/** Claims of a token. */
export interface TokenClaims {
  /** Every room, no administration, when left out. */
  readonly caps?: Capabilities;
  /** Seconds from now until it ends; negative = it has ended. */
  readonly seconds?: number;
}

/** What a suite may need beyond one address and one token. */
export type Need =
  /** Tokens of any user with any claims. */
  | 'users'
  /** A namespace of the kind `latest`. */
  | 'latest'
  /** A namespace without presence. */
  | 'quiet'
  /** The admin port of a gateway behind the address. */
  | 'admin';

/** Drains one gateway and calls it off again. */
export interface AdminPort {
  /** Sockets of that gateway. */
  connections(): Promise<number>;
  startDrain(): Promise<void>;
  cancelDrain(): Promise<void>;
}

/** The platform under test and everything with a side effect: given by the runner. */
export interface Stage {
  /** Namespaces whose rooms a run may use. */
  readonly namespaces: {
    readonly plain: string;
    readonly latest: string | undefined;
    readonly quiet: string | undefined;
  };
  /** The same for a whole run, unlike in any other run; letters and digits. */
  readonly run: string;
  /** The user of the only token there is; undefined where tokens can be had for any user. */
  readonly user: string | undefined;
  readonly admin: AdminPort | undefined;
  readonly has: (need: Need) => boolean;
  /** Random text of `[0-9a-z]`. */
  id(length: number): string;
  token(user: string, claims: TokenClaims): Promise<string>;
  dial(options: DialOptions): Promise<Wire | RefusedUpgrade>;
  /** A POST of JSON to the HTTP API (`/users/ann/disconnect`); resolves with the status. */
  post(path: string, request: { token: string; body: object }): Promise<number>;
  sleep(ms: number): Promise<void>;
  /** Milliseconds, monotonic. */
  now(): number;
}
