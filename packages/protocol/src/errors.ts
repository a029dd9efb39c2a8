/** One row of the table of error codes. */
export interface ErrorRow {
  readonly name: string;
  /** May the same request be sent again? */
  readonly retry: boolean;
  readonly cause: string;
  readonly remedy: string;
}

/** Every error code a reply can carry. The numbers are part of the contract: never reused, never renumbered. */
export const ErrorCodes = {
  100: {
    name: 'internal',
    retry: true,
    cause: 'The gateway hit a fault of its own while it handled the request.',
    remedy:
      'Send the request again; if it keeps failing, give the operator of the platform the time and the room.',
  },
  101: {
    name: 'unauthorized',
    retry: false,
    cause: 'The token is missing, malformed, revoked, or not signed by the issuer this platform trusts.',
    remedy: 'Get a new token from your identity provider and connect with it.',
  },
  102: {
    name: 'unknown room',
    retry: false,
    cause:
      'The request needs a room this connection has joined, or a room whose namespace the platform serves.',
    remedy: 'Join the room first; check its name against the namespaces in spec.rooms.',
  },
  103: {
    name: 'forbidden',
    retry: false,
    cause: 'No pattern in the `caps` claim of the token grants this right on this room.',
    remedy: 'Have the token minted with the right, or leave the operation out.',
  },
  104: {
    name: 'bad operation',
    retry: false,
    cause:
      'The line names no operation, more than one, one this gateway does not know, or one not allowed now.',
    remedy: 'Send exactly one operation of cp1 per line, and `hello` once, as the first.',
  },
  105: {
    name: 'already joined',
    retry: false,
    cause: 'This connection is a member of the room already.',
    remedy: 'Use `sync` to catch up, or `leave` before joining with other options.',
  },
  106: {
    name: 'limit exceeded',
    retry: false,
    cause: 'The request would go over a fixed limit, such as the rooms of one connection.',
    remedy: 'Stay within `hello.limits`; leave a room before joining another one.',
  },
  107: {
    name: 'bad request',
    retry: false,
    cause: 'A field of the request is missing or does not have its form; the message names it.',
    remedy: 'Correct the named field; the same request will be refused again.',
  },
  109: {
    name: 'token expired',
    retry: false,
    cause: 'The token was valid, and its time is over.',
    remedy: 'Fetch a new token and send it with `refresh` before `exp`, or connect with it.',
  },
  111: {
    name: 'rate limited',
    retry: true,
    cause: 'More requests than the rate allows came from this connection, user or room.',
    remedy: 'Wait `after` milliseconds, then send again.',
  },
  112: {
    name: 'position lost',
    retry: false,
    cause: 'The position belongs to another log, or to one that no longer holds it.',
    remedy: 'Join the room again without a position and start from what it returns.',
  },
  114: {
    name: 'overloaded',
    retry: true,
    cause: 'The message log takes no messages now, or an earlier publish of this client failed.',
    remedy:
      'Wait `after` milliseconds, then resend all unacknowledged publishes of the room in order, with `re`.',
  },
  115: {
    name: 'draining',
    retry: true,
    cause: 'This gateway is about to stop.',
    remedy: 'Reconnect and resume; another gateway serves the same session.',
  },
  116: {
    name: 'payload too large',
    retry: false,
    cause: 'The data is larger than the platform accepts.',
    remedy: 'Send less, or store the content elsewhere and send a link.',
  },
  118: {
    name: 'room closed',
    retry: false,
    cause: 'An administrator closed the room to new messages.',
    remedy: 'Ask an administrator of the room; its history can still be read.',
  },
  119: {
    name: 'outcome unknown',
    retry: false,
    cause: 'The resend is older than the 24 h for which duplicates are recognised.',
    remedy: 'Look the message up in the history by its `cid`, and publish anew if it is not there.',
  },
} as const satisfies Record<number, ErrorRow>;

/** A number of the table of errors. */
export type ErrorCode = keyof typeof ErrorCodes;

/** The `err` of a reply. */
export interface ProtocolError {
  readonly code: number;
  readonly msg: string;
  readonly retry: boolean;
  /** Milliseconds to wait before the next try. */
  readonly after?: number | undefined;
}

/**
 * The `err` of a reply.
 *
 * @param msg - what exactly was wrong; the cause from the table when left out
 * @param after - milliseconds to wait before the next try (111, 114)
 */
export function protocolError(code: ErrorCode, msg?: string, after?: number): ProtocolError {
  const row = ErrorCodes[code];
  return { code, msg: msg ?? row.cause, retry: row.retry, ...(after !== undefined && { after }) };
}

/** The row of a code; `undefined` for a code this version does not know. */
export function errorRow(code: number): ErrorRow | undefined {
  return (ErrorCodes as Partial<Record<number, ErrorRow>>)[code];
}
