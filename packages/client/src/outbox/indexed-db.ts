import { ClientError } from '../errors.ts';
import type { StoredPublish } from './outbox-store.ts';

/** Who published, and for whom. */
export interface StoredIdentity {
  readonly inst: string;
  readonly user?: string;
}

/** The highest number an identity has used in a room. */
export interface StoredNumber {
  readonly inst: string;
  readonly room: string;
  readonly n: number;
}

/** An unacknowledged publish of an identity. */
export interface StoredEntry extends StoredPublish {
  readonly inst: string;
}

/** Names of the object stores. */
export const STORES = ['identities', 'numbers', 'entries'] as const;

const VERSION = 1;

/** The name of the database of an outbox. */
export function databaseName(outbox: string): string {
  return `chatplatform-outbox:${outbox}`;
}

/**
 * Opens the database of an outbox, and makes it when there is none.
 *
 * @throws ClientError `storage` when the browser refuses (storage blocked, private window, no room left).
 */
export async function openDatabase(outbox: string): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName(outbox), VERSION);
  request.addEventListener('upgradeneeded', () => {
    const database = request.result;
    database.createObjectStore('identities' satisfies StoreName, { keyPath: 'inst' });
    database.createObjectStore('numbers' satisfies StoreName, { keyPath: ['inst', 'room'] });
    database.createObjectStore('entries' satisfies StoreName, { keyPath: ['inst', 'room', 'n'] });
  });
  const database = await resultOf(request);
  // Somebody deletes the database: what is written from now on fails, and says so.
  database.addEventListener('versionchange', () => database.close());
  return database;
}

type StoreName = (typeof STORES)[number];

/** The result of a request. @throws ClientError `storage` */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(storageError(request.error)));
  });
}

/** Resolves when the transaction is complete: everything of it is stored. @throws ClientError `storage` */
export function completionOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(storageError(transaction.error)));
  });
}

/** Everything an identity has in a store whose keys begin with it. */
export function rangeOf(inst: string): IDBKeyRange {
  // In IndexedDB's order every array comes after every string.
  return IDBKeyRange.bound([inst], [inst, []]);
}

/** What went wrong with the browser's storage. */
export function storageError(cause: unknown): ClientError {
  const text = `the browser's storage failed (${String(cause)}); allow the page to store data and free some space`;
  return new ClientError('storage', text, { cause, retryable: true });
}
