import * as fc from 'fast-check';
import { createRequire } from 'node:module';
import { partitionOf } from './partition.ts';

// kafkajs ships the partitioner of the Java client; it is CommonJS without types for inner files.
const murmur2 = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2.js') as (
  key: string | Buffer,
) => number;

describe('the partition of a room', () => {
  test('is the one a Kafka client would choose', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[A-Za-z0-9_.:@-]{1,128}$/)),
        fc.integer({ min: 1, max: 1000 }),
        (room, count) => {
          expect(partitionOf(room, count)).toBe((murmur2(Buffer.from(room)) & 0x7fffffff) % count);
        },
      ),
      { numRuns: 2000 },
    );
  });

  // Hashes from Kafka's own UtilsTest, so that both libraries being wrong together would show.
  test.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('agrees with Java on %s', (key, hash) => {
    expect(partitionOf(key, 2 ** 31)).toBe(hash & 0x7fffffff);
  });

  test('needs a count', () => {
    expect(() => partitionOf('a', 0)).toThrow(/count 0/);
  });
});
