import {
  decodeRecord,
  encodeRecord,
  fromJson,
  isRoomName,
  isUserId,
  messageFrame,
  RecordError,
  valueFrame,
  type DecodedRecord,
  type RawRecord,
} from '@chatplatform/protocol';
import type { Random } from '@chatplatform/runtime';
import { anyJson, chance, mutateText, oneOf, shrinkText } from './noise.ts';
import { promise, type FuzzTarget } from './target.ts';
import * as values from './values.ts';

/** A record as a text file can hold it: the value's bytes as Latin-1 characters. */
export interface RecordInput {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const ID = 'abcdef00000000000001';
const MAX_MESSAGE = 1000;

function generate(random: Random): RecordInput {
  const value = {
    d: anyJson(random),
    ...(chance(random, 0.3) && { k: oneOf<unknown>(random, ['key', '', 'x'.repeat(129), 7]) }),
    ...(chance(random, 0.3) && { notify: values.several(random, () => values.user(random)) }),
  };
  const bytes = Buffer.from(JSON.stringify(value)).toString('latin1');
  const headers: Record<string, string> = {
    v: oneOf(random, ['1', '1', '1', '1', '2', '']),
    cid: String(values.cid(random)),
    u: String(values.user(random)),
    ...(chance(random, 0.5) && { gw: oneOf(random, ['gw-1', '', 'a{b}', 'x'.repeat(129)]) }),
    ...(chance(random, 0.5) && { sid: oneOf(random, ['sid-1', '', 'a b']) }),
    ...(chance(random, 0.3) && { tp: String(values.trace(random)) }),
    ...(chance(random, 0.2) && { re: oneOf(random, ['0', '12', '-1', '1e3', '']) }),
    ...(chance(random, 0.2) && { origin: oneOf(random, ['0/1', 'x', '']) }),
    ...(chance(random, 0.2) && { sig: oneOf(random, ['k1.AAAA', '']) }),
  };
  for (const name of Object.keys(headers)) if (chance(random, 0.03)) delete headers[name];
  return {
    key: chance(random, 0.98) ? String(values.room(random)) : null,
    value: chance(random, 0.98) ? bytes : null,
    headers,
  };
}

function mutate(input: RecordInput, random: Random): RecordInput {
  const name = oneOf(random, ['key', 'value', ...Object.keys(input.headers)]);
  if (name === 'key') return { ...input, key: mutateText(input.key ?? '', random) };
  // The value's bytes: characters above 255 have no byte.
  if (name === 'value')
    return { ...input, value: mutateText(input.value ?? '', random).replaceAll(/[^\0-\u00ff]/g, '?') };
  return { ...input, headers: { ...input.headers, [name]: mutateText(input.headers[name] ?? '', random) } };
}

function shrink(input: RecordInput): RecordInput[] {
  const fewer = Object.keys(input.headers).map((name) => ({
    ...input,
    headers: Object.fromEntries(Object.entries(input.headers).filter(([other]) => other !== name)),
  }));
  const values = shrinkText(input.value ?? '').map((value) => ({ ...input, value }));
  return [...fewer, ...values, ...shrinkText(input.key ?? '').map((key) => ({ ...input, key }))];
}

function check({ key, value, headers }: RecordInput): string {
  const raw: RawRecord = {
    key,
    value: value === null ? null : Buffer.from(value, 'latin1'),
    headers,
  };
  const decoded = decodeRecord(raw);
  if (decoded instanceof RecordError) {
    promise(decoded.message.length < MAX_MESSAGE, `a message of ${decoded.message.length} characters`);
    const again = decodeRecord(raw);
    promise(
      again instanceof RecordError && again.message === decoded.message,
      'another verdict the second time',
    );
    return `${decoded.code} ${decoded.message.replaceAll(/"[^"]*"|\d+/g, '#').slice(0, 60)}`;
  }
  promise(isRoomName(decoded.room) && isUserId(decoded.user), 'a room or user that is none');
  checkAgain(decoded, headers);
  checkFrames(decoded);
  return `ok ${Object.keys(decoded).sort().join(',')} ${typeof decoded.data}`;
}

/** What was read can be written and read again. */
function checkAgain(decoded: DecodedRecord, headers: RecordInput['headers']): void {
  const { room, user, cid, gateway, sid, data, k, notify, tp } = decoded;
  const written = encodeRecord({ room, user, cid: cid.text, gateway, sid, data, k, notify, tp });
  const again = decodeRecord({ ...written, headers: { ...headers, ...written.headers } });
  promise(!(again instanceof RecordError), 'what was read cannot be written');
  if (again instanceof RecordError) return;
  promise(
    again.json === decoded.json && again.sender === decoded.sender,
    'another message when written again',
  );
}

/** What is made of it for clients is one line of JSON with the same data. */
function checkFrames({ room, user, cid, json, k, tp }: DecodedRecord): void {
  const lines = [
    messageFrame({ room, id: ID, p: '?', user, cid: cid.text, ts: 1, data: json, tp }),
    ...(k === undefined ? [] : [valueFrame({ room, k, id: ID, ts: 1, data: json })]),
  ];
  for (const line of lines) {
    const parsed = fromJson(line) as
      | { m?: { d: unknown; r: string }; v?: { d: unknown; r: string } }
      | undefined;
    const body = parsed?.m ?? parsed?.v;
    promise(!line.includes('\n') && body !== undefined, `no line of JSON: ${line.slice(0, 100)}`);
    promise(JSON.stringify(body?.d) === json && body?.r === room, 'other data in the frame');
  }
}

/** Records of the log: `decodeRecord`, and the frames made of them. */
export const records: FuzzTarget<RecordInput> = { name: 'records', generate, mutate, shrink, check };
