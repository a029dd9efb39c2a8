import {
  deadLetterHeaders,
  markHeaders,
  originalHeaders,
  parseDeadLetter,
  parseMark,
  parsePlace,
  type DeadLetter,
} from './dead-letter.ts';

const letter: DeadLetter = {
  cause: 'value',
  message: 'no JSON',
  attempts: 1,
  at: 1_760_000_000_000,
  origin: { topic: 'a.b.messages', partition: 3, offset: 17 },
};

test('a letter tells cause, attempts and origin, and gives the headers of the record back', () => {
  const original = { v: '1', cid: 'x.1' };
  const headers = deadLetterHeaders(original, letter);
  expect(parseDeadLetter(headers)).toEqual(letter);
  expect(originalHeaders(headers)).toEqual(original);
  expect(parseMark(headers)).toBeUndefined();
});

test('a value that was left out is told with its size', () => {
  const headers = deadLetterHeaders({}, { ...letter, omittedBytes: 300_000 });
  expect(parseDeadLetter(headers)?.omittedBytes).toBe(300_000);
});

test('headers of the producer cannot pass for those of a letter or a mark', () => {
  const forged = {
    ...markHeaders({ letter: { partition: 0, offset: 1 }, outcome: 'dropped', at: 1 }),
    v: '1',
  };
  const headers = deadLetterHeaders(forged, letter);
  expect(parseMark(headers)).toBeUndefined();
  expect(originalHeaders(headers)).toEqual({ v: '1' });
});

test('a mark names its letter and what became of it', () => {
  const mark = { letter: { partition: 0, offset: 12 }, outcome: 'replayed', at: 5 } as const;
  expect(parseMark(markHeaders(mark))).toEqual(mark);
  expect(parseDeadLetter(markHeaders(mark))).toBeUndefined();
  expect(parseMark({ 'dl-handled': 'eaten', 'dl-letter': '0-1' })).toBeUndefined();
});

test('a long message is cut', () => {
  const headers = deadLetterHeaders({}, { ...letter, message: 'x'.repeat(2_000) });
  expect(headers['dl-message']).toHaveLength(500);
});

test.each(['', '1', '1-', '-1', '01-1', '1-1-1', '1-1 ', 'a-b', '1-9999999999999999'])(
  '%j is no place',
  (text) => {
    expect(parsePlace(text)).toBeUndefined();
  },
);
