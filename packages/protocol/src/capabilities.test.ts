import { CapabilitiesSchema, allows, matchesRoom, permits } from './capabilities.ts';

describe('room patterns', () => {
  test.each([
    ['team:42', 'team:42', true],
    ['team:*', 'team:42', true],
    ['team:*', 'team:42:x', false],
    ['team:*', 'team', false],
    ['team:**', 'team:42:x', true],
    ['team:**', 'team', false],
    ['*', 'lobby', true],
    ['*', 'team:42', false],
    ['**', 'team:42:x', true],
    ['**', '@ann', false],
    ['*', '@ann', false],
    ['@*', '@ann', true],
    ['@ann', '@ann', true],
    ['@ann', '@anna', false],
    ['a*b*c:d', 'axbyc:d', true],
    ['a*b*c:d', 'acb:d', false],
    ['*ab', 'aab', true],
    ['ab*ba', 'aba', false],
    ['team:4*:x**', 'team:42:xy:z', true],
    ['team:4*:x**', 'team:42:y', false],
  ])('%s on %s: %s', (pattern, room, expected) => {
    expect(matchesRoom(pattern, room)).toBe(expected);
  });

  test('cost no more than pattern times text', () => {
    const began = performance.now();
    expect(matchesRoom('*a'.repeat(60) + 'b', 'a'.repeat(127))).toBe(false);
    expect(performance.now() - began).toBeLessThan(50);
  });

  test.each([{ 'team:**:x': ['join'] }, { 'te am': ['join'] }, { 'a*b**': ['join'] }, { a: ['fly'] }])(
    'the schema refuses %j',
    (caps) => {
      expect(CapabilitiesSchema.safeParse(caps).success).toBe(false);
    },
  );
});

describe('rights', () => {
  const caps = CapabilitiesSchema.parse({
    'team:*': ['join', 'publish'],
    'ops:**': ['admin'],
    '@*': ['publish'],
  });

  test('come from every matching pattern, and admin includes all', () => {
    expect(allows(caps, 'team:1', 'join')).toBe(true);
    expect(allows(caps, 'team:1', 'history')).toBe(false);
    expect(allows(caps, 'ops:a:b', 'history')).toBe(true);
    expect(allows(caps, 'lobby', 'join')).toBe(false);
  });

  test('on a personal room: reading for its owner, publishing for whom the claim says', () => {
    const ann = { user: 'ann', caps };
    expect(permits(ann, '@ann', 'join')).toBe(true);
    expect(permits(ann, '@bob', 'join')).toBe(false);
    expect(permits(ann, '@bob', 'publish')).toBe(true);
    expect(permits({ user: 'ann', caps: {} }, '@bob', 'publish')).toBe(false);
    expect(permits({ user: 'root', caps: { '@*': ['admin'] } }, '@bob', 'history')).toBe(true);
    expect(permits({ user: 'ann', caps: { '@*': ['join'] } }, '@bob', 'join')).toBe(false);
  });
});
