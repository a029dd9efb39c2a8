import FetchResponse from 'kafkajs/src/protocol/requests/fetch/v11/response.js';
import type {
  FetchAnswer,
  FetchedMessage,
  FetchedPart,
} from 'kafkajs/src/protocol/requests/fetch/v11/response.js';

/** Where the fields of a batch stand that are looked at, from its begin. */
const LENGTH_AT = 8;
const LENGTH_FROM = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const BASE_TIME_AT = 27;
const MAX_TIME_AT = 35;
const COUNT_AT = 57;
const RECORDS_AT = 61;
const MAGIC = 2;
const LOG_APPEND_TIME = 0x8;
/** A codec, a transaction, a record of the brokers themselves: kafkajs's own decoder knows them all. */
const NOT_PLAIN = 0x37;
const HIGH_WORD = 2 ** 32;

let patched = false;

/**
 * Has kafkajs 2.2.4 read plain answers to a fetch (version 11, every broker since 2.4) by the function below: its own
 * makes several objects of every field, a copy of all headers with each header, and does 64-bit arithmetic on text.
 */
export function patchFetchResponse(): void {
  if (patched) return;
  patched = true;
  const original = FetchResponse.decode;
  FetchResponse.decode = (payload) => {
    const plain = decodeFetch(payload);
    return plain === undefined ? original(payload) : Promise.resolve(plain);
  };
}

/**
 * Reads an answer to a fetch; `undefined` when there is more in it than plain batches. Like that of kafkajs, but keys
 * and headers are texts already, the first of a repeated header alone is kept, and messages have no context.
 */
export function decodeFetch(payload: Buffer): FetchAnswer | undefined {
  const reader = new Reader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const responses: { topicName: string; partitions: FetchedPart[] }[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topicName = reader.text(reader.int16());
    const partitions: FetchedPart[] = [];
    for (let count = reader.int32(); count > 0; count -= 1) {
      const part = readPart(reader);
      if (part === undefined) return undefined;
      partitions.push(part);
    }
    responses.push({ topicName, partitions });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function readPart(reader: Reader): FetchedPart | undefined {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = String(reader.int64());
  const lastStableOffset = String(reader.int64());
  const lastStartOffset = String(reader.int64());
  if (reader.int32() > 0) return undefined;
  const preferredReadReplica = reader.int32();
  const size = Math.max(0, reader.int32());
  const end = reader.at + size;
  const messages: FetchedMessage[] = [];
  if (end > reader.bytes.length || !readBatches(reader, end, messages)) return undefined;
  reader.at = end;
  const offsets = { highWatermark, lastStableOffset, lastStartOffset };
  return { partition, errorCode, ...offsets, abortedTransactions: [], preferredReadReplica, messages };
}

/** The last batch may be cut off by the limit of the fetch. False when one is not plain. */
function readBatches(reader: Reader, end: number, messages: FetchedMessage[]): boolean {
  const { bytes } = reader;
  while (end - reader.at >= RECORDS_AT) {
    const from = reader.at;
    const next = from + LENGTH_FROM + bytes.readInt32BE(from + LENGTH_AT);
    const attributes = bytes.readInt16BE(from + ATTRIBUTES_AT);
    if (bytes[from + MAGIC_AT] !== MAGIC || (attributes & NOT_PLAIN) !== 0) return false;
    if (next > end) return true;
    const base = { offset: reader.int64(), time: reader.int64At(from + BASE_TIME_AT) };
    const time =
      (attributes & LOG_APPEND_TIME) === 0 ? undefined : String(reader.int64At(from + MAX_TIME_AT));
    reader.at = from + RECORDS_AT;
    for (let count = bytes.readInt32BE(from + COUNT_AT); count > 0; count -= 1)
      messages.push(readRecord(reader, base, time));
    reader.at = next;
  }
  return true;
}

function readRecord(
  reader: Reader,
  base: { readonly offset: number; readonly time: number },
  time: string | undefined,
): FetchedMessage {
  const size = reader.varint();
  const end = reader.at + size;
  reader.at += 1;
  const timestamp = time ?? String(base.time + reader.varint());
  if (time !== undefined) reader.varint();
  const offset = String(base.offset + reader.varint());
  const keySize = reader.varint();
  const key = keySize < 0 ? null : reader.text(keySize);
  const valueSize = reader.varint();
  const value = valueSize < 0 ? null : reader.slice(valueSize);
  const headers = readHeaders(reader);
  reader.at = end;
  return { timestamp, offset, key, value, headers, isControlRecord: false };
}

function readHeaders(reader: Reader): Record<string, string> {
  // Without a prototype: a header may have any name.
  const headers = Object.create(null) as Record<string, string>;
  for (let count = reader.varint(); count > 0; count -= 1) {
    const name = reader.text(reader.varint());
    const size = reader.varint();
    if (size < 0) continue;
    const text = reader.text(size);
    headers[name] ??= text;
  }
  return headers;
}

class Reader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  /** Offsets and times are far below 2^53. */
  int64(): number {
    this.at += 8;
    return this.int64At(this.at - 8);
  }

  int64At(at: number): number {
    return this.bytes.readInt32BE(at) * HIGH_WORD + this.bytes.readUInt32BE(at + 4);
  }

  /** Also a 64-bit one, as long as it is below 2^53. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
  }

  text(size: number): string {
    this.at += size;
    return this.bytes.toString('utf8', this.at - size, this.at);
  }

  slice(size: number): Buffer {
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
}
