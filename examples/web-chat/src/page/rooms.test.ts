import { roomOf, titleOf } from './rooms.ts';

test.each([
  ['Team 42!', 'room:team-42'],
  ['  Café ', 'room:cafe'],
  ['v1.2_x', 'room:v1.2_x'],
  ['!!', undefined],
])('%j names the room %s', (text, room) => {
  expect(roomOf(text)).toBe(room);
});

test('people see the name without its prefix', () => {
  expect(titleOf('room:lobby')).toBe('lobby');
});
