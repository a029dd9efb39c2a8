/**
 * The partition of `<p>.messages` that holds a room: murmur2 of the UTF-8 name, as Kafka's Java client
 * does it, so that producers in any language agree. The count is immutable over the life of the topic.
 *
 * @throws RangeError when `count` is not a positive integer.
 */
export function partitionOf(room: string, count: number): number {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`partition count ${count} is not a positive integer`);
  }
  // Java's Utils.toPositive: the sign bit is cleared, not the number negated.
  return (murmur2(encoder.encode(room)) & 0x7fffffff) % count;
}

const encoder = new TextEncoder();

// Constants of murmur2 as org.apache.kafka.common.utils.Utils has them.
const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

function murmur2(data: Uint8Array): number {
  let hash = SEED ^ data.length;
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    hash = Math.imul(hash, M) ^ mixed(wordAt(data, at));
  }
  if (whole < data.length) {
    hash = Math.imul(hash ^ wordAt(data, whole), M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

function mixed(word: number): number {
  const k = Math.imul(word, M);
  return Math.imul(k ^ (k >>> R), M);
}

/** Four bytes, little endian; bytes after the end count as 0. */
function wordAt(data: Uint8Array, at: number): number {
  return (
    (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24)
  );
}
