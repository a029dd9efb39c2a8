import * as fc from 'fast-check';
import { gapVerdict } from './gap.ts';
import { BEGINNING, formatPosition, isPosition, parsePosition, sameLog, successor } from './position.ts';

const epoch = fc.stringMatching(/^[0-9a-z]{6}$/);
const partition = fc.integer({ min: 0, max: 46_655 });
const offset = fc.maxSafeNat();

describe('a position', () => {
  test('reads back what was written', () => {
    fc.assert(
      fc.property(epoch, partition, offset, (e, p, o) => {
        const position = formatPosition(e, p, o);
        expect(position).toMatch(/^[0-9a-z]{20}$/);
        expect(parsePosition(position)).toEqual({ epoch: e, partition: p, offset: o });
      }),
    );
  });

  test('orders as its offset within one log, and after the beginning', () => {
    fc.assert(
      fc.property(epoch, partition, offset, offset, (e, p, a, b) => {
        const [first, second] = [formatPosition(e, p, a), formatPosition(e, p, b)];
        expect(first < second).toBe(a < b);
        expect(BEGINNING < first).toBe(true);
      }),
    );
  });

  test('is refused when a part does not fit', () => {
    expect(() => formatPosition('short', 0, 0)).toThrow(/epoch "short"/);
    expect(() => formatPosition('ABCDEF', 0, 0)).toThrow(/epoch/);
    expect(() => formatPosition('abcdef', 46_656, 0)).toThrow(/partition 46656/);
    expect(() => formatPosition('abcdef', 0, -1)).toThrow(/offset -1/);
    expect(() => formatPosition('abcdef', 0, Number.NaN)).toThrow(/offset NaN/);
    expect(parsePosition('abcdef000zzzzzzzzzzz')).toBeUndefined();
    expect(isPosition('ABCDEF00000000000000')).toBe(false);
    expect(isPosition(BEGINNING)).toBe(true);
  });

  test('has a successor and belongs to one log', () => {
    const position = formatPosition('abcdef', 3, 35);
    expect(successor(position)).toBe(formatPosition('abcdef', 3, 36));
    expect(successor(BEGINNING)).toBeUndefined();
    expect(sameLog(position, formatPosition('abcdef', 3, 0))).toBe(true);
    expect(sameLog(position, formatPosition('abcdeg', 3, 35))).toBe(false);
    expect(sameLog(position, BEGINNING)).toBe(true);
  });
});

describe('the gap rule', () => {
  const at = (o: number): string => formatPosition('abcdef', 0, o);

  test('delivers what follows, drops what is known, holds what does not chain', () => {
    expect(gapVerdict(undefined, at(9), '?')).toBe('deliver');
    expect(gapVerdict(at(4), at(9), at(4))).toBe('deliver');
    expect(gapVerdict(at(4), at(9), at(2))).toBe('deliver');
    expect(gapVerdict(at(4), at(9), at(7))).toBe('gap');
    expect(gapVerdict(at(4), at(9), '?')).toBe('gap');
    expect(gapVerdict(at(9), at(9), at(4))).toBe('duplicate');
    expect(gapVerdict(at(9), at(4), '?')).toBe('duplicate');
    expect(gapVerdict(BEGINNING, at(4), BEGINNING)).toBe('deliver');
    expect(gapVerdict(BEGINNING, at(9), at(4))).toBe('gap');
  });

  test('never compares positions of two logs', () => {
    const other = formatPosition('000000', 0, 99);
    expect(gapVerdict(at(4), other, BEGINNING)).toBe('gap');
    expect(gapVerdict(at(4), at(9), other)).toBe('gap');
  });
});
