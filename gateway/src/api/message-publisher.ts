import { createHash } from 'node:crypto';
import { formatCid, protocolError, toJson, type Publish } from '@chatplatform/protocol';
import type { Attempt, Idempotency } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Outcome } from '../publish/lane.ts';
import { Refused } from '../session/refused.ts';
import { HttpRefusal } from './http-refusal.ts';

/** What of a message a request tells. */
export type Message = Omit<Publish, 'cid' | 're'>;

/** A message that is in the log. */
export interface PublishedMessage {
  id?: string;
  cid: string;
  ts: number;
  dup: boolean;
}

/** What publishing by request needs. */
export interface MessagePublisherOptions {
  clock: Clock;
  incarnation: string;
  idempotency: Idempotency;
  /** One that nobody repeats. */
  publish: (user: string, body: Publish) => Promise<Outcome>;
  /** One that may come again, to any gateway. */
  publishOnce: (user: string, body: Publish) => Promise<Outcome>;
  /** The id of what was published once, when it is known by now. */
  idOf: (user: string, body: Publish) => Promise<string | undefined>;
}

/** Longest time a request is under way: the log's deadline (10 s) and the look-ups around it. */
const UNDER_WAY_MS = 15_000;
const UNDER_WAY_AFTER_MS = 1000;
/** An instance id has up to 32 characters: 192 bits of the hash. */
const INST_LENGTH = 32;

/** A request with a key that is to be carried out. */
interface Keyed {
  user: string;
  message: Message;
  /** Hash of user and key. */
  name: string;
  fingerprint: string;
  /** When the first request with this key came. */
  startedAt: number;
}

/** What came before: nothing, an attempt whose end is not known, or one that was answered. */
type Before =
  | { kind: 'nothing' }
  | { kind: 'attempt'; startedAt: number }
  | { kind: 'answer'; result: string };

/**
 * Publishes that belong to no connection.
 *
 * Without a key each is a message of its own. With one it is published once however often it comes, to whatever gateway:
 * the key gives the instance id of the `cid`, so the log's own de-duplication knows it. What Redis remembers of a key
 * only saves the second record and brings back the first answer; without Redis a retry is still no second message. As
 * Redis may have forgotten an attempt, or never heard of it, no answer to a key trusts the place of its own record.
 */
export class MessagePublisher {
  readonly #options: MessagePublisherOptions;
  /** One instance for all users: numbers rise over all rooms, and so in each. */
  #n = 0;

  constructor(options: MessagePublisherOptions) {
    this.#options = options;
  }

  /** Rejects with {@link Refused} or {@link HttpRefusal}. */
  async publish(user: string, message: Message, key: string | undefined): Promise<PublishedMessage> {
    if (key === undefined) {
      this.#n += 1;
      const cid = formatCid(`api-${this.#options.incarnation}`, this.#n);
      return published(cid, await this.#options.publish(user, { ...message, cid }));
    }
    // A request that is sent again is a new step of its trace.
    const { tp: _, ...content } = message;
    const keyed: Keyed = {
      user,
      message,
      name: hashOf(user, key),
      fingerprint: hashOf(toJson(content)),
      startedAt: this.#options.clock.now(),
    };
    const before = await this.#before(keyed);
    if (before.kind === 'answer') return this.#again(keyed, JSON.parse(before.result) as PublishedMessage);
    if (before.kind === 'nothing') return this.#attempt(keyed, undefined);
    const re = Math.max(0, keyed.startedAt - before.startedAt);
    return this.#attempt({ ...keyed, startedAt: before.startedAt }, re);
  }

  /** What could not be sure of its id may know it by now. */
  async #again({ user, message }: Keyed, answer: PublishedMessage): Promise<PublishedMessage> {
    const id = answer.id ?? (await this.#options.idOf(user, { ...message, cid: answer.cid }));
    return { ...answer, ...(id !== undefined && { id }), dup: true };
  }

  async #before({ name, fingerprint, startedAt }: Keyed): Promise<Before> {
    const own: Attempt = { fingerprint, startedAt, running: true };
    let earlier: Attempt | undefined;
    try {
      earlier = await this.#options.idempotency.begin(name, own);
    } catch {
      // Nobody can tell: as after an attempt that was cut off.
      return { kind: 'attempt', startedAt };
    }
    if (earlier === undefined) return { kind: 'nothing' };
    if (earlier.fingerprint !== fingerprint)
      throw new HttpRefusal(107, { status: 422, msg: 'Idempotency-Key: was used for another message' });
    if (earlier.result !== undefined) return { kind: 'answer', result: earlier.result };
    if (earlier.running && startedAt - earlier.startedAt < UNDER_WAY_MS) {
      const err = protocolError(114, 'a request with this key is under way', UNDER_WAY_AFTER_MS);
      throw new HttpRefusal(err, { status: 409 });
    }
    return { kind: 'attempt', startedAt: earlier.startedAt };
  }

  /** @param re ms since the first request; undefined when this is the first one */
  async #attempt(keyed: Keyed, re: number | undefined): Promise<PublishedMessage> {
    const { user, message, name, fingerprint, startedAt } = keyed;
    const { idempotency, publishOnce } = this.#options;
    const cid = formatCid(name.slice(0, INST_LENGTH), 1);
    const outcome = await publishOnce(user, { ...message, cid, ...(re !== undefined && { re }) });
    const ended: Attempt = { fingerprint, startedAt, running: false };
    if (outcome.ok) {
      const answer = published(cid, outcome);
      await idempotency.finish(name, { ...ended, result: JSON.stringify(answer) }).catch(ignore);
      return answer;
    }
    // What may have reached the log although it failed is looked up by the next request.
    if (outcome.err.retry) await idempotency.finish(name, ended).catch(ignore);
    else await idempotency.forget(name).catch(ignore);
    throw new Refused(outcome.err);
  }
}

function published(cid: string, outcome: Outcome): PublishedMessage {
  if (!outcome.ok) throw new Refused(outcome.err);
  const { id, ts, dup } = outcome;
  return { ...(id !== undefined && { id }), cid, ts, dup };
}

function hashOf(...parts: string[]): string {
  const hash = createHash('sha256');
  // JSON keeps the borders between the parts.
  return hash.update(JSON.stringify(parts)).digest('base64url');
}

/** The next request with the key decides by the log. */
function ignore(): void {}
