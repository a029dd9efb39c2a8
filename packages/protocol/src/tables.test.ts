import { CloseCodes, closeRow, isTerminalClose } from './closes.ts';
import { ErrorCodes, errorRow } from './errors.ts';

const rows = [...Object.entries(ErrorCodes), ...Object.entries(CloseCodes)];

describe('the tables of codes', () => {
  test('every row says in a sentence what happened and what to do', () => {
    for (const [, row] of rows) {
      expect(row.cause).toMatch(/^[A-Z].*[^.]\.$/);
      expect(row.remedy).toMatch(/^[A-Z].*[^.]\.$/);
    }
    expect(new Set(rows.map(([, row]) => row.cause)).size).toBe(rows.length);
  });

  test('the range of a close code is its verdict', () => {
    for (const [code, row] of Object.entries(CloseCodes)) {
      expect(row.reconnect).toBe(!isTerminalClose(Number(code)));
    }
    expect(isTerminalClose(1006)).toBe(false);
    expect(isTerminalClose(3999)).toBe(true);
    expect(isTerminalClose(4000)).toBe(false);
  });

  test('codes of tomorrow have no row', () => {
    expect(errorRow(103)?.name).toBe('forbidden');
    expect(errorRow(199)).toBeUndefined();
    expect(closeRow(3002)?.name).toBe('drain deadline');
    expect(closeRow(1006)).toBeUndefined();
  });
});
