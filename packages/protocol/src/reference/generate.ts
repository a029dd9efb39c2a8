// tools/run packages/protocol/src/reference/generate.ts: writes the generated pages of docs/protocol.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coveragePage } from '../conformance/coverage.ts';
import { referencePages } from './reference.ts';

const folder = join(import.meta.dirname, '../../../../docs/protocol');
const pages = {
  ...referencePages((name) => readFileSync(join(folder, name), 'utf8')),
  'conformance/coverage.md': coveragePage(),
};
for (const [name, text] of Object.entries(pages)) writeFileSync(join(folder, name), text);
