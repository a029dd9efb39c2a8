import { RedisError } from '@chatplatform/redis';
import { logOf } from '../publish/log.ts';
import { Beginnings } from './beginnings.ts';

function setUp(answer: () => Promise<number | undefined>) {
  const asked: string[] = [];
  const errors: unknown[] = [];
  const beginnings = new Beginnings({
    keyspace: {
      horizonOf: (_room, part) => {
        asked.push(part);
        return answer();
      },
    },
    log: { ...logOf('epoch0', 6), partitionOf: () => 3 },
    topic: 't',
    onError: (error) => errors.push(error),
  });
  return { beginnings, asked, errors };
}

test.each([
  [0, ''],
  [1, 'epoch000300000000000'],
  [37, 'epoch000300000000010'],
  [undefined, undefined],
])('with the horizon %s a room begins at %j', async (horizon, position) => {
  const { beginnings, asked } = setUp(() => Promise.resolve(horizon));
  expect(await beginnings.of('r')).toBe(position);
  expect(await beginnings.ofValues('r')).toBe(position);
  expect(asked).toEqual(['epoch0 t/3', 'epoch0 t/3 values']);
});

test('without the right to ask nothing is known, and it is told once; a Redis that is away is an error', async () => {
  const refused = setUp(() => Promise.reject(new RedisError('invalid', 'NOPERM')));
  expect(await refused.beginnings.of('r')).toBeUndefined();
  expect(await refused.beginnings.of('r')).toBeUndefined();
  // Joins would wait for it for ever.
  expect(await refused.beginnings.ofValues('r')).toBe('');
  expect(refused.errors.length).toBe(1);
  const away = setUp(() => Promise.reject(new RedisError('unavailable', 'no connection')));
  await expect(away.beginnings.of('r')).rejects.toThrow('no connection');
});
