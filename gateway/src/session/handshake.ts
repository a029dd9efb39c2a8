import {
  encodeError,
  fromJson,
  linesOf,
  parseClientFrame,
  type CloseCode,
  type Hello,
} from '@chatplatform/protocol';
import { AuthError, type Identity } from '../auth/identity.ts';
import { authErrorOf, refusalOf, UNAVAILABLE_AFTER } from '../auth/refusal.ts';
import { FIRST_FRAME_BYTES } from '../server/settings.ts';
import type { Socket } from '../server/socket.ts';
import { farewell } from './session.ts';

/** A hello that was understood and belongs to a valid token. */
export interface Greeting {
  i: number;
  hello: Hello;
  identity: Identity;
  /** Further lines of the first frame. */
  rest: string[];
}

/**
 * Reads the first frame. The token is checked before anything else in it is looked at, so a stranger learns nothing
 * but that. Undefined: the connection was refused and closed.
 */
export async function greet(
  socket: Socket,
  frame: string | undefined,
  verify: (token: string) => Promise<Identity>,
): Promise<Greeting | undefined> {
  const refuse = (code: CloseCode, msg?: string): undefined => {
    farewell(socket, code, msg === undefined ? {} : { msg });
  };
  if (frame === undefined) return refuse(3501, 'cp1.json has text frames only');
  const [line = '', ...rest] = linesOf(frame);
  const offer = offerOf(line);
  if (offer === undefined || Buffer.byteLength(frame) > FIRST_FRAME_BYTES) {
    return refuse(3501, 'the first line must be one JSON object with hello');
  }
  const identity = await authenticate(socket, offer, verify);
  if (identity === undefined) return undefined;
  const parsed = parseClientFrame(line);
  if (parsed.kind === 'request' && parsed.op === 'hello') {
    return { i: parsed.i, hello: parsed.body, identity, rest };
  }
  if (parsed.kind === 'refused') return refuse(3501, parsed.err.msg);
  return refuse(3501, parsed.kind === 'broken' ? parsed.msg : 'the first line must be a hello');
}

interface Offer {
  i: number | undefined;
  token: string | undefined;
}

/** Only what is needed to check the token; undefined when the line is no hello at all. */
function offerOf(line: string): Offer | undefined {
  const value = fromJson(line);
  const hello = member(value, 'hello');
  if (typeof hello !== 'object' || hello === null) return undefined;
  const i = member(value, 'i');
  const token = member(hello, 'token');
  return {
    i: typeof i === 'number' && Number.isInteger(i) ? i : undefined,
    token: typeof token === 'string' ? token : undefined,
  };
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}

async function authenticate(
  socket: Socket,
  offer: Offer,
  verify: (token: string) => Promise<Identity>,
): Promise<Identity | undefined> {
  const token = offer.token ?? socket.offeredToken;
  try {
    if (token === undefined) throw new AuthError('invalid', 'hello carries no token');
    return await verify(token);
  } catch (error) {
    refuseToken(socket, offer.i, authErrorOf(error));
    return undefined;
  }
}

const CLOSES = { invalid: 3500, expired: 3005, revoked: 3507, unavailable: 3015 } as const satisfies Record<
  AuthError['code'],
  CloseCode
>;

function refuseToken(socket: Socket, i: number | undefined, error: AuthError): void {
  if (i !== undefined) socket.send(encodeError(i, refusalOf(error)));
  farewell(socket, CLOSES[error.code], {
    msg: error.message,
    ...(error.retryable && { after: UNAVAILABLE_AFTER }),
  });
}
