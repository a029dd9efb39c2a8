import { systemRandom, type Random } from '../clock.ts';
import { ClientError } from '../errors.ts';
import {
  completionOf,
  databaseName,
  openDatabase,
  rangeOf,
  resultOf,
  storageError,
  STORES,
  type StoredEntry,
  type StoredIdentity,
  type StoredNumber,
} from './indexed-db.ts';
import { INSTANCE_LENGTH, type OutboxStore, type StoredPublish } from './outbox-store.ts';
import { takeLock } from './tab-lock.ts';

/** Which outbox to open. */
export interface IndexedDbOutboxOptions {
  /** Name of the outbox on this site. One per user: what one user left must not be sent by another. */
  readonly name: string;
  /** Randomness; for tests. */
  readonly random?: Random;
}

interface Claim {
  readonly inst: string;
  readonly user: string | undefined;
  readonly numbers: Map<string, number>;
  readonly entries: StoredPublish[];
  readonly release: () => void;
}

/**
 * Opens an outbox that outlives the page: what was published and not acknowledged is there again after a reload or a
 * crash, under the same identity, so that it is sent once. Pass it to `connect`.
 *
 * Several tabs may open the same name: each gets an identity of its own, guarded by a Web Lock, and one that is left
 * over (its tab was closed before everything was sent) is taken on by the next tab that opens.
 *
 * @throws ClientError `storage` where IndexedDB or Web Locks are missing (they need https or localhost) or refused;
 * without `outbox` the client keeps publishes in memory.
 *
 * @example
 * ```ts browser
 * import { connect, openIndexedDbOutbox } from '@chatplatform/client';
 *
 * const outbox = await openIndexedDbOutbox({ name: 'ann' });
 * const client = connect({ url, token, outbox });
 * for (const { room, data } of client.outbox) console.log('still on its way to', room, data);
 * client.on('settled', ({ room, cid, error }) => console.log(room, cid, error?.message ?? 'sent'));
 * await client.publish('team:42', { text: 'sent, even if this page is closed now' });
 * ```
 */
export async function openIndexedDbOutbox(options: IndexedDbOutboxOptions): Promise<OutboxStore> {
  requireBrowser();
  const random = options.random ?? systemRandom;
  const database = await openDatabase(options.name);
  try {
    const claim = await claimIdentity(database, () => random.id(INSTANCE_LENGTH));
    return new IndexedDbOutbox(database, claim);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Deletes an outbox with everything in it, unsent messages too: for signing out. A client that still uses it fails
 * with `storage` from then on, so close that one before.
 *
 * @throws ClientError `storage` when the browser refuses.
 *
 * @example
 * ```ts browser
 * import { discardIndexedDbOutbox } from '@chatplatform/client';
 *
 * await discardIndexedDbOutbox('ann');
 * ```
 */
export async function discardIndexedDbOutbox(name: string): Promise<void> {
  requireBrowser();
  await resultOf(indexedDB.deleteDatabase(databaseName(name)));
}

class IndexedDbOutbox implements OutboxStore {
  readonly inst: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly entries: readonly StoredPublish[];
  readonly #database: IDBDatabase;
  readonly #used: Map<string, number>;
  readonly #release: () => void;
  #user: string | undefined;
  #batch: { writes: ((transaction: IDBTransaction) => void)[]; done: Promise<void> } | undefined;

  constructor(database: IDBDatabase, { inst, user, numbers, entries, release }: Claim) {
    this.#database = database;
    this.inst = inst;
    this.#user = user;
    this.numbers = numbers;
    this.entries = entries;
    this.#used = new Map(numbers);
    this.#release = release;
  }

  get user(): string | undefined {
    return this.#user;
  }

  bind(user: string): void {
    this.#user = user;
    const identity: StoredIdentity = { inst: this.inst, user };
    // A failure here shows with the next publish, which is written the same way.
    this.#write((transaction) => transaction.objectStore('identities').put(identity)).catch(() => undefined);
  }

  put(entry: StoredPublish): Promise<void> {
    const { inst } = this;
    const { room, n } = entry;
    const rises = n > (this.#used.get(room) ?? 0);
    if (rises) this.#used.set(room, n);
    return this.#write((transaction) => {
      transaction.objectStore('entries').put({ ...entry, inst } satisfies StoredEntry);
      if (rises) transaction.objectStore('numbers').put({ inst, room, n } satisfies StoredNumber);
    });
  }

  delete({ room, n }: StoredPublish): Promise<void> {
    return this.#write((transaction) => transaction.objectStore('entries').delete([this.inst, room, n]));
  }

  close(): void {
    // After what is being written: the next tab must read its outcome.
    void Promise.resolve(this.#batch?.done)
      .catch(() => undefined)
      .then(() => {
        this.#database.close();
        this.#release();
      });
  }

  /** Everything of one turn goes into one transaction: a hundred publishes at once cost one write to the disk. */
  #write(write: (transaction: IDBTransaction) => void): Promise<void> {
    if (this.#batch) {
      this.#batch.writes.push(write);
    } else {
      const writes = [write];
      this.#batch = { writes, done: Promise.resolve().then(() => this.#commit(writes)) };
    }
    return this.#batch.done;
  }

  async #commit(writes: readonly ((transaction: IDBTransaction) => void)[]): Promise<void> {
    this.#batch = undefined;
    try {
      // Strict: a number that is lost with the power would be used again for another message, which then is lost.
      const transaction = this.#database.transaction(STORES, 'readwrite', { durability: 'strict' });
      for (const write of writes) write(transaction);
      await completionOf(transaction);
    } catch (cause) {
      throw cause instanceof ClientError ? cause : storageError(cause);
    }
  }
}

/** Takes on an identity that no tab holds, first one that has something to send; else makes one. */
async function claimIdentity(database: IDBDatabase, makeId: () => string): Promise<Claim> {
  const identities = await candidatesOf(database);
  for (const { inst } of identities) {
    const release = await takeLock(`${database.name}:${inst}`);
    if (!release) continue;
    const claim = await readIdentity(database, inst, release);
    if (claim) return claim;
    // The outbox was discarded meanwhile: without its numbers the identity must not be used again.
    release();
  }
  return makeIdentity(database, makeId());
}

async function candidatesOf(database: IDBDatabase): Promise<StoredIdentity[]> {
  const transaction = database.transaction(STORES, 'readonly');
  const [identities, keys] = await Promise.all([
    resultOf<StoredIdentity[]>(transaction.objectStore('identities').getAll()),
    // Their keys are enough: the messages themselves may be many megabytes.
    resultOf(transaction.objectStore('entries').getAllKeys()),
  ]);
  const waiting = new Set(keys.map((key) => (key as [string])[0]));
  return identities.toSorted((a, b) => Number(waiting.has(b.inst)) - Number(waiting.has(a.inst)));
}

async function readIdentity(
  database: IDBDatabase,
  inst: string,
  release: () => void,
): Promise<Claim | undefined> {
  const transaction = database.transaction(STORES, 'readonly');
  const [identity, numbers, entries] = await Promise.all([
    resultOf<StoredIdentity | undefined>(transaction.objectStore('identities').get(inst)),
    resultOf<StoredNumber[]>(transaction.objectStore('numbers').getAll(rangeOf(inst))),
    resultOf<StoredEntry[]>(transaction.objectStore('entries').getAll(rangeOf(inst))),
  ]);
  if (!identity) return undefined;
  return {
    inst,
    user: identity.user,
    numbers: new Map(numbers.map(({ room, n }) => [room, n])),
    entries: entries.map(({ inst: _inst, ...entry }) => entry),
    release,
  };
}

async function makeIdentity(database: IDBDatabase, inst: string): Promise<Claim> {
  const release = await takeLock(`${database.name}:${inst}`);
  if (!release) throw new ClientError('storage', `the identity ${inst}, just made, is in use already`);
  const transaction = database.transaction(STORES, 'readwrite');
  transaction.objectStore('identities').put({ inst } satisfies StoredIdentity);
  await completionOf(transaction);
  return { inst, user: undefined, numbers: new Map(), entries: [], release };
}

function requireBrowser(): void {
  const { indexedDB, navigator } = globalThis as { indexedDB?: unknown; navigator?: { locks?: unknown } };
  if (indexedDB !== undefined && navigator?.locks !== undefined) return;
  const text =
    'an outbox that outlives the page needs IndexedDB and Web Locks: serve the page by https (or from localhost), or connect without `outbox`';
  throw new ClientError('storage', text);
}
