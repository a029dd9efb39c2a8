import type { Redis, Revocation } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Identity } from './identity.ts';

/** How often changes are asked for. With the time Redis takes it keeps the promise of 2 s, also where an inbox item got lost. */
export const REVOCATIONS_POLL_MS = 1000;
/** Until when an order to disconnect is found by asking: some polls, one of which will get through. */
const DISCONNECT_KEEP_MS = 15_000;

/** What revocations need. */
export interface RevocationsOptions {
  store: Redis['revocations'];
  clock: Clock;
  /** Tells the other gateways at once; what gets lost is found by their next poll. */
  tell: (entries: readonly Revocation[]) => void;
  /** Entries that are new here: connections they concern are to be closed. */
  onNew: (news: RevocationNews) => void;
}

/** Entries a gateway did not know before. */
export interface RevocationNews {
  readonly tokens: boolean;
  /** Users all of whose tokens issued before a moment are revoked. */
  readonly users: ReadonlySet<string>;
  /** Users to be disconnected, whatever their tokens. */
  readonly disconnected: ReadonlySet<string>;
}

/** How an entry is written: `t:<jti>`, `u:<user>:<before>`, `d:<user>:<when>`. User ids hold no colon. */
const ENTRY = /^(?:t:(?<jti>.+)|u:(?<user>[^:]+):(?<before>\d+)|d:(?<gone>[^:]+):(?<when>\d+))$/s;

/**
 * What is revoked, as this gateway knows it. It is held here until it ends: a Redis that lost it is given it back by
 * every gateway that knew it, so a revocation is forgotten only if Redis loses its data and at the same time every
 * gateway ends that had heard of it. A gateway that starts while Redis is away knows nothing until it is back.
 */
export class Revocations {
  readonly #options: RevocationsOptions;
  readonly #known = new Map<string, number>();
  readonly #users = new Map<string, number>();
  /** Orders to disconnect that were given before concern nobody here. */
  readonly #startedAt: number;
  #version: string | undefined;

  constructor(options: RevocationsOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** May a token that is otherwise valid not be used any more? One without `iat` is as old as can be. */
  isRevoked({ user, jti, iat }: Identity): boolean {
    const before = this.#users.get(user);
    if (before !== undefined && (iat ?? 0) < before) return true;
    return jti !== undefined && this.#lives(`t:${jti}`);
  }

  /** Revokes one token. Rejects while Redis is away, having taken effect here; to be repeated then. */
  revokeToken(jti: string, until: number): Promise<void> {
    return this.#add({ member: `t:${jti}`, until });
  }

  /** Revokes the tokens of `user` issued before a moment (ms since 1970). Rejects as {@link revokeToken}. */
  revokeUser(user: string, before: number, until: number): Promise<void> {
    return this.#add({ member: `u:${user}:${before}`, until });
  }

  /** Closes the connections of `user` on every gateway, once. Rejects as {@link revokeToken}. */
  disconnect(user: string): Promise<void> {
    const now = this.#options.clock.now();
    return this.#add({ member: `d:${user}:${now}`, until: now + DISCONNECT_KEEP_MS });
  }

  /** Another gateway told. */
  learn(entries: readonly Revocation[]): void {
    this.#take(entries);
  }

  /** Asks Redis what changed, and gives it back what it lost. Called every {@link REVOCATIONS_POLL_MS}. */
  async poll(): Promise<void> {
    const { store } = this.#options;
    this.#forgetEnded();
    const changed = await store.read(this.#version);
    if (changed === undefined) return;
    const stored = new Set(changed.entries.map(({ member }) => member));
    this.#take(changed.entries);
    const lost = [...this.#known].filter(([member]) => !stored.has(member));
    if (lost.length > 0) await store.add(lost.map(([member, until]) => ({ member, until })));
    else this.#version = changed.version;
  }

  async #add(entry: Revocation): Promise<void> {
    this.#take([entry]);
    this.#options.tell([entry]);
    // Whatever becomes of the write: the next poll looks whether it is there.
    this.#version = undefined;
    await this.#options.store.add([entry]);
  }

  #take(entries: readonly Revocation[]): void {
    const news = { tokens: false, users: new Set<string>(), disconnected: new Set<string>() };
    for (const { member, until } of entries) {
      const known = this.#known.get(member);
      if (until <= (known ?? this.#options.clock.now())) continue;
      this.#known.set(member, until);
      if (known === undefined) this.#note(member, news);
    }
    if (news.tokens || news.users.size > 0 || news.disconnected.size > 0) this.#options.onNew(news);
  }

  #note(member: string, news: { tokens: boolean; users: Set<string>; disconnected: Set<string> }): void {
    const { jti, user, before, gone, when } = ENTRY.exec(member)?.groups ?? {};
    if (jti !== undefined) news.tokens = true;
    if (gone !== undefined && Number(when) >= this.#startedAt) news.disconnected.add(gone);
    if (user === undefined) return;
    news.users.add(user);
    this.#raise(user, Number(before));
  }

  #raise(user: string, before: number): void {
    this.#users.set(user, Math.max(before, this.#users.get(user) ?? 0));
  }

  #lives(member: string): boolean {
    return (this.#known.get(member) ?? 0) > this.#options.clock.now();
  }

  #forgetEnded(): void {
    const ended = [...this.#known.keys()].filter((member) => !this.#lives(member));
    if (ended.length === 0) return;
    for (const member of ended) this.#known.delete(member);
    this.#users.clear();
    for (const member of this.#known.keys()) {
      const { user, before } = ENTRY.exec(member)?.groups ?? {};
      if (user !== undefined) this.#raise(user, Number(before));
    }
  }
}
