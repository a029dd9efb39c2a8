import * as fc from 'fast-check';
import { messageFrame, traceparentOf } from './frame.ts';
import { toJson } from './json.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const AROUND = { room: 'r', id: 'i', p: '', user: 'ann', cid: 'x.1', ts: 1 };

test('the traceparent of a line is found, whatever the user wrote', () => {
  const evil = fc.constantFrom<unknown>(
    { tp: TRACE },
    { d: { tp: TRACE } },
    `,"tp":"${TRACE}"}}`,
    [{ tp: TRACE }],
    { a: `"},"tp":"${TRACE}` },
  );
  fc.assert(
    fc.property(fc.oneof(evil, fc.jsonValue()), (data) => {
      const json = toJson(data);
      expect(traceparentOf(messageFrame({ ...AROUND, data: json }))).toBeUndefined();
      expect(traceparentOf(messageFrame({ ...AROUND, data: json, tp: TRACE }))).toBe(TRACE);
    }),
  );
});
