import type { Redis } from '../redis.ts';

/** What the suite needs of the Redis under test: a real one or the twin. */
export interface ContractSubject {
  /** A new opening, as another process would have it, ready. The suite closes it. */
  open(): Promise<Redis>;
  /** Remembers all data; calling the result loses the writes since then. */
  snapshot(): Promise<() => Promise<void>>;
  /** Lets the lease of a gateway be over since a minute, without waiting for it. */
  endLease(incarnation: string): Promise<void>;
  /** What a payload takes at most from sender to listener, ms. */
  readonly patienceMs: number;
}

let names = 0;

/** A name no other test uses: all tests share one Redis. */
export function fresh(kind: string): string {
  names += 1;
  return `${kind}-${names}`;
}

/** Opens one for a describe block and closes it. */
export function opened(subject: ContractSubject): () => Redis {
  let redis: Redis | undefined;
  beforeAll(async () => {
    redis = await subject.open();
  });
  afterAll(() => redis?.close());
  return () => redis as Redis;
}
