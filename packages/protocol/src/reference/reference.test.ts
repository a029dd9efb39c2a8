import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coveragePage } from '../conformance/coverage.ts';
import { OperationSchemas } from '../client-frames.ts';
import { PushSchemas, ReplySchemas } from '../gateway-frames.ts';
import { Limits } from '../limits.ts';
import { fieldsOf } from './fields.ts';
import { LimitRows } from './limit-rows.ts';
import { referencePages } from './reference.ts';
import { schemasOf } from './schema.ts';

const folder = join(import.meta.dirname, '../../../../docs/protocol');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const pages = { ...referencePages(read), 'conformance/coverage.md': coveragePage() };

test.each(Object.entries(pages))(
  'docs/protocol/%s is what its source gives (tools/verify --write)',
  (name, text) => {
    expect(read(name)).toBe(text);
  },
);

test('every field of every operation, reply and push says what it means', () => {
  const tables = {
    ...schemasOf(OperationSchemas, 'input'),
    ...schemasOf(PushSchemas, 'output'),
  };
  const replies = schemasOf(ReplySchemas, 'output');
  const fields = [tables, replies].flatMap((table) =>
    Object.entries(table).flatMap(([name, node]) => fieldsOf(node, `${name}.`)),
  );
  expect(fields.length).toBeGreaterThan(70);
  expect(fields.filter(({ description }) => description === '').map(({ path }) => path)).toEqual([]);
});

test('every limit has its row', () => {
  expect(Object.keys(LimitRows).sort()).toEqual(Object.keys(Limits).sort());
});

test('a block without a page, and a marker without a block, are told', () => {
  expect(() => referencePages(() => '')).toThrow('no page of docs/protocol shows: operations');
  expect(() => referencePages(() => '<!-- generated: nonsense -->\n<!-- end -->')).toThrow('"nonsense"');
});
