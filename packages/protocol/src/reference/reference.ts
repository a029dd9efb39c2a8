import { OperationSchemas } from '../client-frames.ts';
import { ErrorSchema, PushSchemas, ReplySchemas } from '../gateway-frames.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';
import { schemaOf, schemasOf } from './schema.ts';
import { pageBlocks } from './tables.ts';
import { toYaml } from './yaml.ts';

/** Pages of docs/protocol with blocks between markers; what is around them is written by hand. */
export const WRITTEN_PAGES = ['cp1.md', 'records.md'] as const;

/**
 * The generated pages of docs/protocol by their file name.
 *
 * @param read - the present text of a page of {@link WRITTEN_PAGES}, whose blocks are filled anew
 * @throws Error for a marker without a block, or a block that no page shows
 */
export function referencePages(read: (name: string) => string): Record<string, string> {
  const blocks = pageBlocks();
  const shown = new Set<string>();
  const written = WRITTEN_PAGES.map((name) => [name, fillBlocks(read(name), blocks, shown)] as const);
  const missing = Object.keys(blocks).filter((name) => !shown.has(name));
  if (missing.length > 0) throw new Error(`no page of docs/protocol shows: ${missing.join(', ')}`);
  return {
    ...Object.fromEntries(written),
    'cp1.schema.json': schemaPage(),
    'asyncapi.yaml': `# Generated from packages/protocol by tools/verify --write.\n${toYaml(asyncApi())}`,
    'openapi.yaml': `# Generated from packages/protocol by tools/verify --write.\n${toYaml(openApi())}`,
  };
}

const BLOCK = /<!-- generated: ([a-z ]+) -->\n[^]*?<!-- end -->/g;

function fillBlocks(text: string, blocks: Readonly<Record<string, string>>, shown: Set<string>): string {
  return text.replaceAll(BLOCK, (_, name: string) => {
    const block = blocks[name];
    if (block === undefined) throw new Error(`there is no generated block "${name}"`);
    shown.add(name);
    return `<!-- generated: ${name} -->\n\n${block}\n\n<!-- end -->`;
  });
}

function schemaPage(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'cp1',
    description:
      'Bodies of the operations, replies and pushes of cp1. A request line is {"i":<uint32>,"<operation>":<body>}; its reply {"i":<same>,"<operation>":<body>} or {"i":<same>,"err":<error>}; a push {"<push>":<body>}.',
    $defs: {
      operations: schemasOf(OperationSchemas, 'input'),
      replies: schemasOf(ReplySchemas, 'output'),
      pushes: schemasOf(PushSchemas, 'output'),
      error: schemaOf(ErrorSchema, 'output'),
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
