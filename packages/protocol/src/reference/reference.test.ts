import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference.ts';

const folder = join(import.meta.dirname, '../../../../docs/protocol');

test.each(Object.entries(referencePages()))(
  'docs/protocol/%s is what its source gives (tools/verify --write)',
  (name, text) => {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  },
);

test('every operation, reply and push has a schema', () => {
  const { $defs } = JSON.parse(referencePages()['cp1.schema.json'] ?? '{}') as {
    $defs: { operations: object; replies: object; pushes: object };
  };
  expect(Object.keys($defs.operations)).toEqual(
    expect.arrayContaining([
      'hello',
      'refresh',
      'join',
      'leave',
      'pub',
      'sync',
      'hist',
      'ack',
      'read',
      'typing',
      'who',
      'set',
    ]),
  );
  expect(Object.keys($defs.replies)).toHaveLength(10);
  expect(Object.keys($defs.pushes)).toEqual(['m', 'v', 'pr', 'rj', 'rc', 'ty', 'drain', 'degraded', 'bye']);
});
