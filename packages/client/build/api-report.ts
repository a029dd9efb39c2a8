// Writes etc/client.api.md: everything a user of the SDK can name. A change there is a change for users, and a review sees it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDeclarations, type Exported } from './declarations.ts';

const { exported, forgotten } = readDeclarations();
if (forgotten.length > 0)
  throw new Error(`index.ts does not export what exported declarations name:\n${forgotten.join('\n')}`);

const declared = (each: Exported): string => {
  const note = each.typeOnly && !each.isType ? '// as a type only\n' : '';
  return `${note}${each.isType ? '' : 'declare '}${each.bare}`;
};
const report = `# API of \`@chatplatform/client\`

Generated from the source by \`tools/verify --write\`; do not edit. A line that goes or changes here breaks somebody.

\`\`\`ts
${exported.map(declared).join('\n\n')}
\`\`\`
`;
const folder = join(import.meta.dirname, '..', 'etc');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'client.api.md'), report);
