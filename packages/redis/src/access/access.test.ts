import { Keys, LogKeys } from '../keys.ts';
import { aclLine, redisAccess, type RedisComponent } from './access.ts';

const PREFIX = 'chat.demo:';

/** As Redis matches a pattern: `?` one character, `*` any number; braces stand for themselves. */
function matches(patterns: readonly string[], key: string): boolean {
  const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return patterns.some((pattern) =>
    new RegExp(`^${escaped(pattern).replaceAll('\\?', '.').replaceAll('\\*', '.*')}$`).test(key),
  );
}

const keys = new Keys(PREFIX);
const log = new LogKeys(PREFIX, 'abc123');

test.each<[RedisComponent, string, string, 'write' | 'read' | 'none']>([
  ['gateway', 'history', log.history('team:1'), 'read'],
  ['gateway', 'head', log.head('team:1'), 'read'],
  ['gateway', 'watermarks', log.watermarks('team:1', [20_000])[0] ?? '', 'read'],
  ['gateway', 'route', keys.routes('team:1'), 'write'],
  ['gateway', 'session', keys.session('s1'), 'write'],
  ['gateway', 'canary', keys.canary('0'), 'read'],
  ['gateway', 'horizon', keys.horizon(), 'read'],
  ['worker', 'history', log.history('team:1'), 'write'],
  ['worker', 'latest value', log.latest('team:1'), 'write'],
  ['worker', 'canary', keys.canary('0'), 'write'],
  ['worker', 'horizon', keys.horizon(), 'write'],
  ['worker', 'budget', keys.budget(), 'none'],
  ['operator', 'history', log.history('team:1'), 'write'],
  ['operator', 'another platform', new Keys('chat.other:').routes('team:1'), 'none'],
  ['gateway', 'another platform', new Keys('chat.other:').routes('team:1'), 'none'],
])('the %s: %s %s is %s', (component, _what, key, right) => {
  const { reads, writes } = redisAccess(component, PREFIX);
  expect({ read: matches(reads, key), write: matches(writes, key) }).toEqual({
    read: right === 'read',
    write: right === 'write',
  });
});

test('a line holds the hash of the password, never the password', () => {
  const line = aclLine('chat-gateway', 'hunter2', redisAccess('gateway', PREFIX));
  expect(line).toMatch(
    /^user chat-gateway reset on #f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7 ~/,
  );
  expect(line).not.toContain('hunter2');
  expect(line).toContain(' %R~chat.demo:??????:h:{* ');
  expect(line).toContain(' &chat.demo:in:{* ');
});
