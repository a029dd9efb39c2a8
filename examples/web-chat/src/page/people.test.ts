import { initials, listOf, Names } from './people.ts';

test('a user has the name it gave, and the readable part of its id before', () => {
  const names = new Names();
  expect(names.of('ann.x7k2m')).toBe('ann');
  names.learn('ann.x7k2m', ' Änn ');
  names.learn('ann.x7k2m', 7);
  expect(names.of('ann.x7k2m')).toBe('Änn');
});

test.each([
  ['Ann', 'A'],
  ['ann b. carter', 'AC'],
  ['Łukasz', 'Ł'],
  ['👩‍🚀 Zoe', '👩Z'],
  ['', '?'],
])('the initials of %j are %s', (name, expected) => {
  expect(initials(name)).toBe(expected);
});

test('names are listed as people say them', () => {
  expect(listOf([])).toBe('');
  expect(listOf(['Ann'])).toBe('Ann');
  expect(listOf(['Ann', 'Bob'])).toBe('Ann and Bob');
  expect(listOf(['Ann', 'Bob', 'Cem', 'Dee'])).toBe('Ann, Bob and 2 others');
});
