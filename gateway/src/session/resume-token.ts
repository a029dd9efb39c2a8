import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a resume token says: this session, held with this generation. */
export interface ResumeClaim {
  sid: string;
  generation: number;
}

const MAC_BYTES = 16;

/**
 * Resume tokens: `<sid>.<generation>.<mac>`, bound to the user. They only keep a session (so that nobody sees a leave);
 * who may connect is decided by the JWT alone. How long a session can be resumed is decided by its record in Redis.
 */
export class ResumeTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  issue(user: string, { sid, generation }: ResumeClaim): string {
    const head = `${sid}.${generation}`;
    return `${head}.${this.#mac(user, head).toString('base64url')}`;
  }

  /** Undefined for a token that is malformed, forged, of another platform or of another user. */
  read(user: string, token: string): ResumeClaim | undefined {
    const match = /^([0-9a-z]{1,64})\.([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{22})$/.exec(token);
    if (match === null) return undefined;
    const [, sid = '', generation = '', mac = ''] = match;
    const given = Buffer.from(mac, 'base64url');
    const right = this.#mac(user, `${sid}.${generation}`);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return { sid, generation: Number(generation) };
  }

  #mac(user: string, head: string): Buffer {
    return createHmac('sha256', this.#key).update(`${user}\n${head}`).digest().subarray(0, MAC_BYTES);
  }
}
