import * as fc from 'fast-check';
import {
  escapeUser,
  isRoomName,
  isUserId,
  namespaceOf,
  personalRoomOf,
  unescapeUser,
  userOfPersonalRoom,
} from './room.ts';

describe('room names', () => {
  test.each(['lobby', 'team:42', 'a', 'x'.repeat(128), 'a@b', '@ann', '-', '.'])('%s is one', (room) => {
    expect(isRoomName(room)).toBe(true);
  });

  test.each(['', '@', '@a:b', '@@a', 'a b', 'a{b}', 'ä', 'x'.repeat(129), 'a\n', '__proto__', '@__proto__'])(
    '%j is none',
    (room) => {
      expect(isRoomName(room)).toBe(false);
    },
  );

  test('have a namespace', () => {
    expect(namespaceOf('team:42:x')).toBe('team');
    expect(namespaceOf('lobby')).toBe('');
    expect(namespaceOf('@ann')).toBe('@');
  });

  test('of persons name their owner', () => {
    expect(userOfPersonalRoom(personalRoomOf('ann'))).toBe('ann');
    expect(userOfPersonalRoom('team:42')).toBeUndefined();
    expect(userOfPersonalRoom('@a:b')).toBeUndefined();
  });
});

describe('user ids', () => {
  test('stand for a subject, reversibly', () => {
    const subject = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.string({ unit: fc.constantFrom('.', '-', '2', 'e', 'a', '@', 'ä') }),
    );
    fc.assert(
      fc.property(subject, (sub) => {
        const user = escapeUser(sub);
        if (user === undefined) return;
        expect(isUserId(user)).toBe(true);
        expect(unescapeUser(user)).toBe(sub);
      }),
    );
  });

  test('keep plain subjects readable and escape the rest', () => {
    expect(escapeUser('ann_b.c-d')).toBe('ann_b.c-d');
    expect(escapeUser('ann@example.com')).toBe('ann.-40example.com');
    expect(escapeUser('.-40')).toBe('.-2e-40');
    expect(escapeUser('auth0|7')).toBe('auth0.-7c7');
  });

  test('there is none for an empty, ill-formed or too long subject', () => {
    expect(escapeUser('')).toBeUndefined();
    expect(escapeUser('\ud800')).toBeUndefined();
    expect(escapeUser('x'.repeat(128))).toBeUndefined();
    expect(escapeUser('ä'.repeat(40))).toBeUndefined();
    expect(unescapeUser('.-ff')).toBeUndefined();
  });
});
