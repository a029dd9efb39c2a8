// tools/run packages/protocol/src/reference/generate.ts: writes the generated pages of docs/protocol.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference.ts';

const folder = join(import.meta.dirname, '../../../../docs/protocol');
for (const [name, text] of Object.entries(referencePages())) writeFileSync(join(folder, name), text);
