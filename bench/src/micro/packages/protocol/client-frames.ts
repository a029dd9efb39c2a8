import { parseClientFrame } from '@chatplatform/protocol';
import { bench, group } from 'mitata';
import { payloadOf } from '../../../load/payload.ts';

const PUBLISH = `{"i":7,"pub":{"room":"team:general","cid":"0123456789abcdef01234567.42","data":"${payloadOf(42, 1)}"}}`;
const TYPING = '{"typing":{"room":"team:general"}}';

/** What `packages/protocol/client-frames` costs per call. */
export function clientFrames(): void {
  group('packages/protocol/client-frames', () => {
    bench('parseClientFrame, publish of 200 bytes', () => parseClientFrame(PUBLISH));
    bench('parseClientFrame, typing', () => parseClientFrame(TYPING));
    bench('parseClientFrame, pong', () => parseClientFrame('{}'));
  });
}
