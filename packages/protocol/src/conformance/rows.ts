import { CloseCodes } from '../closes.ts';
import { ErrorCodes } from '../errors.ts';
import { Limits } from '../limits.ts';
import { OperationRows } from '../reference/operation-rows.ts';
import { PushRows } from '../reference/push-rows.ts';
import { ProtocolRules } from '../reference/rules.ts';

/**
 * A row of the protocol page: `op:join` (it works), `op:join!103` (it is refused so), `push:m`, `error:103`, `close:3001`,
 * `limit:frameBytes`, `rule:frame.text`.
 */
export type ConformanceRow = `${'op' | 'push' | 'error' | 'close' | 'limit' | 'rule'}:${string}`;

/** Every row of the page, in its order. */
export function pageRows(): ConformanceRow[] {
  const operations = Object.entries(OperationRows).flatMap(([op, { errors }]): ConformanceRow[] => [
    `op:${op}`,
    ...errors.map((code): ConformanceRow => `op:${op}!${code}`),
  ]);
  const rules = Object.values(ProtocolRules).flat();
  return [
    ...operations,
    ...Object.keys(PushRows).map((name): ConformanceRow => `push:${name}`),
    ...Object.keys(ErrorCodes).map((code): ConformanceRow => `error:${code}`),
    ...Object.keys(CloseCodes).map((code): ConformanceRow => `close:${code}`),
    ...Object.keys(Limits).map((name): ConformanceRow => `limit:${name}`),
    ...rules.map(({ id }): ConformanceRow => `rule:${id}`),
  ];
}
