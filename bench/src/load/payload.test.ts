import { PAYLOAD_BYTES, payloadOf, scanPayloads } from './payload.ts';

function scan(frame: string): { seq: number; dueUs: number }[] {
  const found: { seq: number; dueUs: number }[] = [];
  scanPayloads(Buffer.from(frame), (seq, dueUs) => found.push({ seq, dueUs }));
  return found;
}

describe('a payload', () => {
  test('is found whatever a peer puts around it, several in one frame', () => {
    const [first, second] = [payloadOf(1, 1000), payloadOf(2, 123_456.7)];
    expect(first).toHaveLength(PAYLOAD_BYTES);
    expect(scan(`{"m":{"d":"${first}"}}\n{}\n{"m":{"d":"${second}"}}`)).toEqual([
      { seq: 1, dueUs: 1000 },
      { seq: 2, dueUs: 123_457 },
    ]);
    expect(scan(`42["m","${first}"]`)).toHaveLength(1);
  });

  test('is not found in other frames, nor in a piece of one', () => {
    expect(scan('{"i":1,"hello":{}}')).toEqual([]);
    expect(scan('~12~')).toEqual([]);
  });
});
