import type { OutRecord } from '../port/producer.ts';
import type { Slice } from '../produce/transport.ts';
import { crc32c } from './crc32c.ts';

/** Bytes of a batch before its records; see `#openBatch`. */
const BATCH_HEADER = 61;
/** Where the checksum of a batch stands, and where the bytes begin that it covers. */
const CRC_AT = 17;
const CRC_FROM = 21;
/** The length of a batch counts what follows the length itself. */
const BATCH_LENGTH_FROM = 12;
const MAGIC = 2;
/** Of a producer without an identity: nothing is de-duplicated by the broker. */
const NO_PRODUCER = -1n;
const ABSENT = -1;
/** First guess of a request's size, bytes; it grows by doubling. */
const INITIAL_BYTES = 4096;
/** Longest variable-length integers in front of one record, its key, value and headers' count, bytes. */
const RECORD_EXTRA = 32;

/** What a request says besides its records. */
interface ProduceHead {
  readonly acks: number;
  /** Longest wait of the broker for its replicas, ms. */
  readonly timeoutMs: number;
  /** Time of the records, ms; topics with LogAppendTime put their own in its place. */
  readonly now: number;
}

/**
 * The body of a Produce request, versions 3 to 8: one uncompressed batch per slice. kafkajs makes an object with a
 * buffer of its own of every field and copies the messages of a batch once per message; this writes each byte once.
 */
export function encodeProduce(slices: readonly Slice[], head: ProduceHead): Buffer {
  const writer = new Writer();
  writer.int16(ABSENT);
  writer.int16(head.acks);
  writer.int32(head.timeoutMs);
  const topics = byTopic(slices);
  writer.int32(topics.size);
  for (const [topic, partitions] of topics) {
    const size = Buffer.byteLength(topic);
    writer.reserve(size + RECORD_EXTRA);
    writer.int16(size);
    writer.text(topic, size);
    writer.int32(partitions.length);
    for (const slice of partitions) {
      writer.reserve(2 * RECORD_EXTRA + BATCH_HEADER);
      writer.int32(slice.partition);
      writeBatch(writer, slice.records, head.now);
    }
  }
  return writer.written();
}

function byTopic(slices: readonly Slice[]): Map<string, Slice[]> {
  const topics = new Map<string, Slice[]>();
  for (const slice of slices) {
    const partitions = topics.get(slice.topic);
    if (partitions === undefined) topics.set(slice.topic, [slice]);
    else partitions.push(slice);
  }
  return topics;
}

/** A record batch (magic 2) with its size before it. */
function writeBatch(writer: Writer, records: readonly OutRecord[], now: number): void {
  const sizeAt = writer.at;
  writer.int32(0);
  const from = writer.at;
  const last = records.length - 1;
  writer.int64(0n);
  writer.int32(0);
  writer.int32(0);
  writer.int8(MAGIC);
  writer.int32(0);
  writer.int16(0);
  writer.int32(last);
  writer.int64(BigInt(now));
  writer.int64(BigInt(now));
  writer.int64(NO_PRODUCER);
  writer.int16(0);
  writer.int32(0);
  writer.int32(records.length);
  records.forEach((record, index) => writeRecord(writer, record, index));
  const { bytes, at } = writer;
  bytes.writeInt32BE(at - from, sizeAt);
  bytes.writeInt32BE(at - from - BATCH_LENGTH_FROM, from + BATCH_LENGTH_FROM - 4);
  bytes.writeUInt32BE(crc32c(bytes, from + CRC_FROM, at), from + CRC_AT);
}

function writeRecord(writer: Writer, { key, value, headers = {} }: OutRecord, offsetDelta: number): void {
  const keySize = sizeOf(key);
  const valueSize = sizeOf(value);
  const names = Object.keys(headers);
  // Attributes and the difference of time, a byte each.
  let body =
    2 + varintSize(offsetDelta) + fieldSize(keySize) + fieldSize(valueSize) + varintSize(names.length);
  for (const name of names) body += fieldSize(sizeOf(name)) + fieldSize(sizeOf(headers[name] as string));
  writer.reserve(body + RECORD_EXTRA);
  writer.varint(body);
  writer.int8(0);
  writer.int8(0);
  writer.varint(offsetDelta);
  writer.field(key, keySize);
  writer.field(value, valueSize);
  writer.varint(names.length);
  for (const name of names) {
    const text = headers[name] as string;
    writer.field(name, sizeOf(name));
    writer.field(text, sizeOf(text));
  }
}

/** Bytes of a field; {@link ABSENT} when there is none. */
function sizeOf(field: string | Buffer | null): number {
  if (field === null) return ABSENT;
  return typeof field === 'string' ? Buffer.byteLength(field) : field.length;
}

/** Bytes that a field takes with its size. */
function fieldSize(size: number): number {
  return varintSize(size) + Math.max(0, size);
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function varintSize(value: number): number {
  const bits = 32 - Math.clz32(zigzag(value));
  return Math.max(1, Math.ceil(bits / 7));
}

/** A buffer that grows. Room for what is written is reserved before, not with each field. */
class Writer {
  bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  at = 0;

  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + size));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  written(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  int8(value: number): void {
    this.bytes[this.at] = value;
    this.at += 1;
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }

  varint(value: number): void {
    let rest = zigzag(value);
    while (rest > 0x7f) {
      this.int8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.int8(rest);
  }

  field(field: string | Buffer | null, size: number): void {
    this.varint(size);
    if (field === null) return;
    if (typeof field === 'string') this.text(field, size);
    else this.at += field.copy(this.bytes, this.at);
  }

  /** As many bytes as units means ASCII, which is copied without looking at it again. */
  text(text: string, size: number): void {
    this.at += this.bytes.write(text, this.at, size, size === text.length ? 'latin1' : 'utf8');
  }
}
