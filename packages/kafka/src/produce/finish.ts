import type { RecordProducer } from '../port/producer.ts';

/** Time between `close` and giving up on records that still wait, ms. */
const FLUSH_MS = 5_000;

/** Ends a producer of a client that closes. */
export async function finish(producer: RecordProducer): Promise<void> {
  // What cannot be written in that time is rejected by close(), so its sender knows.
  await producer.flush(FLUSH_MS).catch(() => undefined);
  await producer.close();
}
