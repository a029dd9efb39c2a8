/** One row of the table of close codes. */
export interface CloseRow {
  readonly name: string;
  /** May the client reconnect by itself? 3000-3499 yes, 3500-3999 no: the range is the verdict. */
  readonly reconnect: boolean;
  readonly cause: string;
  readonly remedy: string;
}

/** Every code a gateway closes a socket with. The numbers are part of the contract: never reused, never renumbered. */
export const CloseCodes = {
  3001: {
    name: 'shutdown',
    reconnect: true,
    cause: 'The gateway stops.',
    remedy: 'Reconnect and resume; another gateway serves the session.',
  },
  3002: {
    name: 'drain deadline',
    reconnect: true,
    cause: 'The gateway drains and this connection had not moved by its time.',
    remedy: 'Reconnect and resume; announce `mbb` to move before the old socket closes.',
  },
  3003: {
    name: 'rebalance',
    reconnect: true,
    cause: 'The client was asked to move to make room, and reached a gateway that has no room either.',
    remedy: 'Go on with the old socket and dial again within the window of `after`.',
  },
  3004: {
    name: 'internal',
    reconnect: true,
    cause: 'The gateway hit a fault of its own on this connection.',
    remedy: 'Reconnect and resume; if it repeats, give the operator of the platform the time.',
  },
  3005: {
    name: 'token expired',
    reconnect: true,
    cause: 'The token ran out and no `refresh` came.',
    remedy: 'Reconnect with a new token; next time send `refresh` before `exp`.',
  },
  3008: {
    name: 'slow consumer',
    reconnect: true,
    cause: 'The client reads more slowly than its rooms speak.',
    remedy: 'Reconnect and resume from the last position; join fewer rooms or classes.',
  },
  3010: {
    name: 'continuity lost',
    reconnect: true,
    cause: 'The gateway can no longer vouch that this connection saw every message.',
    remedy: 'Reconnect and resume from the last position.',
  },
  3011: {
    name: 'reconnect asked',
    reconnect: true,
    cause: 'An administrator asked for a reconnect.',
    remedy: 'Reconnect and resume.',
  },
  3012: {
    name: 'no pong',
    reconnect: true,
    cause: 'Nothing came from the client for a ping interval and its grace.',
    remedy: 'Reconnect and resume; answer `{}` with `{}`.',
  },
  3013: {
    name: 'too many requests',
    reconnect: true,
    cause: 'The client went over its limits again and again within a minute.',
    remedy: 'Reconnect later and stay within `hello.limits`.',
  },
  3014: {
    name: 'hello timeout',
    reconnect: true,
    cause:
      'No `hello` came within 5 s of the connection: nobody sent one, or network or gateway were too slow.',
    remedy: 'Send `hello` as the first frame, at once; reconnect with growing pauses.',
  },
  3015: {
    name: 'overloaded',
    reconnect: true,
    cause: 'The gateway has no room for this connection now.',
    remedy: 'Reconnect within the window of `after`.',
  },
  3500: {
    name: 'bad token',
    reconnect: false,
    cause: 'The token is missing, malformed, or not signed by the issuer this platform trusts.',
    remedy: 'Get a valid token (issuer, audience and algorithm must match spec.auth), then connect again.',
  },
  3501: {
    name: 'protocol error',
    reconnect: false,
    cause: 'The client sent something that is not cp1 and that no reply can answer.',
    remedy: 'Correct the client: text frames, one JSON object per line, `hello` first.',
  },
  3503: {
    name: 'banned',
    reconnect: false,
    cause: 'An administrator excluded this user.',
    remedy: 'Ask an administrator of the platform.',
  },
  3504: {
    name: 'connection limit',
    reconnect: false,
    cause: 'The user has as many connections as the platform allows.',
    remedy: 'Close another window or device, then connect again.',
  },
  3506: {
    name: 'unsupported version',
    reconnect: false,
    cause: 'Client and gateway share no version of the protocol.',
    remedy: 'Ask for the subprotocol cp1.json; update the client.',
  },
  3507: {
    name: 'revoked',
    reconnect: false,
    cause: 'The token was revoked.',
    remedy: 'Sign in again for a new token.',
  },
  3514: {
    name: 'taken over',
    reconnect: false,
    cause: 'A newer socket of the same session took its place: the normal end of make-before-break.',
    remedy: 'Nothing: go on with the newer socket.',
  },
} as const satisfies Record<number, CloseRow>;

/** A number of the table of close codes. */
export type CloseCode = keyof typeof CloseCodes;

// 3500-3999 is the range of codes after which a client stops; below it, it reconnects.
const TERMINAL_FROM = 3500;
const TERMINAL_UNTIL = 4000;

/** Must a client stop after this code? Also true for codes of the range that this version does not know. */
export function isTerminalClose(code: number): boolean {
  return code >= TERMINAL_FROM && code < TERMINAL_UNTIL;
}

/** The row of a code; `undefined` for a code this version does not know. */
export function closeRow(code: number): CloseRow | undefined {
  return (CloseCodes as Partial<Record<number, CloseRow>>)[code];
}

/** The `bye` push. */
export interface Bye {
  readonly code: number;
  readonly msg: string;
  readonly reconnect: boolean;
  /** Window of milliseconds in which to reconnect. */
  readonly after?: readonly [number, number] | undefined;
}

/** The `bye` that goes before a close; the cause from the table when `msg` is left out. */
export function byeOf(code: CloseCode, msg?: string, after?: readonly [number, number]): Bye {
  const row = CloseCodes[code];
  return { code, msg: msg ?? row.cause, reconnect: row.reconnect, ...(after && { after }) };
}
