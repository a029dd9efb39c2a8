/**
 * Header of a record that was taken from the dead letters and written again: `<partition>-<offset>` of the record it
 * repeats. It counts as a message of its own, since its sender's later messages are in the room already; written
 * twice it is still delivered once.
 */
export const ORIGIN_HEADER = 'origin';

/** Headers that the dead letters add begin with it. */
const OWN = 'dl-';
/** A message may quote a value of any length; headers are for reading by people. */
const MAX_MESSAGE_CHARS = 500;
const PLACE = /^(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,14})$/;

/** A place in a topic. */
export interface LogPlace {
  readonly partition: number;
  readonly offset: number;
}

/** What a dead letter says about the record it holds. */
export interface DeadLetter {
  /** Short name of the fault, for grouping. */
  readonly cause: string;
  readonly message: string;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly origin: LogPlace & { readonly topic: string };
  /** Size of a value that was too large to be kept; the record is in its topic as long as that keeps it. */
  readonly omittedBytes?: number;
}

/** What became of a dead letter. */
export interface DeadLetterMark {
  /** The letter: its place in the topic of dead letters. */
  readonly letter: LogPlace;
  readonly outcome: 'replayed' | 'dropped';
  /** Milliseconds since 1970. */
  readonly at: number;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Writes a place as `<partition>-<offset>`. */
export function formatPlace({ partition, offset }: LogPlace): string {
  return `${partition}-${offset}`;
}

/** Reads `<partition>-<offset>`; `undefined` when it is not one. */
export function parsePlace(text: string): LogPlace | undefined {
  const match = PLACE.exec(text);
  return match === null ? undefined : { partition: Number(match[1]), offset: Number(match[2]) };
}

/** The headers of a dead letter: those of the record, and `dl-*` for cause, attempts and origin. */
export function deadLetterHeaders(original: Headers, letter: DeadLetter): Record<string, string> {
  return {
    ...originalHeaders(original),
    'dl-cause': letter.cause,
    'dl-message': letter.message.slice(0, MAX_MESSAGE_CHARS),
    'dl-attempts': String(letter.attempts),
    'dl-topic': letter.origin.topic,
    'dl-partition': String(letter.origin.partition),
    'dl-offset': String(letter.origin.offset),
    'dl-at': String(letter.at),
    ...(letter.omittedBytes !== undefined && { 'dl-value-omitted': String(letter.omittedBytes) }),
  };
}

/** The headers the record came with. What its producer named `dl-*` is left out: it could pass for ours. */
export function originalHeaders(headers: Headers): Record<string, string> {
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith(OWN),
  );
  return Object.fromEntries(kept);
}

/** Reads what a dead letter says about its record; `undefined` for any other record. */
export function parseDeadLetter(headers: Headers): DeadLetter | undefined {
  const topic = headers['dl-topic'];
  const place = parsePlace(`${headers['dl-partition']}-${headers['dl-offset']}`);
  if (topic === undefined || place === undefined) return undefined;
  const omitted = headers['dl-value-omitted'];
  return {
    cause: headers['dl-cause'] ?? '',
    message: headers['dl-message'] ?? '',
    attempts: Number(headers['dl-attempts'] ?? 0),
    at: Number(headers['dl-at'] ?? 0),
    origin: { topic, ...place },
    ...(omitted !== undefined && { omittedBytes: Number(omitted) }),
  };
}

/** The headers of the record that marks a dead letter as handled; it has no value and the letter's key. */
export function markHeaders({ letter, outcome, at }: DeadLetterMark): Record<string, string> {
  return { 'dl-handled': outcome, 'dl-letter': formatPlace(letter), 'dl-at': String(at) };
}

/** Reads a mark; `undefined` for any other record. */
export function parseMark(headers: Headers): DeadLetterMark | undefined {
  const outcome = headers['dl-handled'];
  const letter = parsePlace(headers['dl-letter'] ?? '');
  if ((outcome !== 'replayed' && outcome !== 'dropped') || letter === undefined) return undefined;
  return { letter, outcome, at: Number(headers['dl-at'] ?? 0) };
}
