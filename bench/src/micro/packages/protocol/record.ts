import { decodeRecord, encodeRecord, type NewRecord } from '@chatplatform/protocol';
import { bench, group } from 'mitata';
import { payloadOf } from '../../../load/payload.ts';

const MESSAGE: NewRecord = {
  room: 'team:general',
  cid: '0123456789abcdef01234567.42',
  user: 'writer',
  data: payloadOf(42, 1),
};
const ENCODED = encodeRecord(MESSAGE);
const RAW = { ...ENCODED, value: Buffer.from(ENCODED.value) };

/** What `packages/protocol/record` costs per call. */
export function records(): void {
  group('packages/protocol/record', () => {
    bench('encodeRecord', () => encodeRecord(MESSAGE));
    bench('decodeRecord', () => decodeRecord(RAW));
  });
}
