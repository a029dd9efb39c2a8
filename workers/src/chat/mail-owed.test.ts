import { formatPosition } from '@chatplatform/protocol';
import type { AppendedMessage } from './room-appender.ts';
import { owed } from './mail-owed.ts';

const at = (offset: number): string => formatPosition('epoch1', 0, offset);

/** A value of a latest-value room, or a message when it has no key. */
function appended(offset: number, p: number | '?', k?: string, room = 'r'): AppendedMessage {
  const message = { room, id: at(offset), k, options: { kind: k === undefined ? 'messages' : 'latest' } };
  const verdict = { id: message.id, p: p === '?' ? p : at(p), verdict: 'appended' };
  return { message, verdict, routes: ['gw'] } as unknown as AppendedMessage;
}

function told(entries: readonly AppendedMessage[]): [string, string][] {
  return owed(entries).map(({ message, p }) => [message.id, p]);
}

test('messages are owed one by one', () => {
  expect(told([appended(1, 0), appended(2, 1)])).toEqual([
    [at(1), at(0)],
    [at(2), at(1)],
  ]);
});

test('of the values of a key only the newest is owed, and the chain holds over what is left out', () => {
  const batch = [appended(1, 0, 'a'), appended(2, 1, 'a'), appended(3, 2, 'b'), appended(4, 3, 'a')];
  expect(told(batch)).toEqual([
    [at(3), at(0)],
    [at(4), at(3)],
  ]);
});

test('rooms and keys are not mixed up', () => {
  const batch = [appended(1, 0, 'a', 'r'), appended(2, 0, 'a', 'q'), appended(3, 1, 'b a', 'r')];
  expect(told(batch)).toHaveLength(3);
});

test('what has an unknown value before it keeps saying so', () => {
  expect(
    told([appended(1, 0, 'a'), appended(2, '?', 'b'), appended(3, '?', 'a'), appended(4, 3, 'a')]),
  ).toEqual([
    [at(2), '?'],
    [at(4), '?'],
  ]);
});
