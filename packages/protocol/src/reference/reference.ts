import { z } from 'zod';
import { OperationSchemas } from '../client-frames.ts';
import { CloseCodes, type CloseRow } from '../closes.ts';
import { ErrorCodes, type ErrorRow } from '../errors.ts';
import { ErrorSchema, PushSchemas, ReplySchemas } from '../gateway-frames.ts';

/** The generated pages of docs/protocol by their file name. */
export function referencePages(): Record<string, string> {
  return { 'codes.md': codesPage(), 'cp1.schema.json': schemaPage() };
}

function codesPage(): string {
  const errors = Object.entries<ErrorRow>(ErrorCodes).map(
    ([code, row]) => `| ${code} | ${row.name} | ${row.retry ? 'yes' : 'no'} | ${row.cause} | ${row.remedy} |`,
  );
  const closes = Object.entries<CloseRow>(CloseCodes).map(
    ([code, row]) =>
      `| ${code} | ${row.name} | ${row.reconnect ? 'yes' : 'no'} | ${row.cause} | ${row.remedy} |`,
  );
  return `# Error and close codes of cp1

Generated from packages/protocol by \`tools/verify --write\`. Numbers are never reused.

## Errors

In a reply: \`{"i":7,"err":{"code":103,"msg":"..","retry":false,"after":500}}\`; \`after\` in milliseconds.

| code | name | retry | cause | what to do |
|---|---|---|---|---|
${errors.join('\n')}

## Close codes

3000-3499: reconnect. 3500-3999: stop, and tell the user. A close without a code (1006) means: reconnect and resume.

| code | name | reconnect | cause | what to do |
|---|---|---|---|---|
${closes.join('\n')}
`;
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

function schemasOf(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: 'input' | 'output',
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schemaOf(schema, io)]));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  // Fields that are not named are ignored by both sides, so none are forbidden.
  return JSON.parse(
    JSON.stringify(rest, (key, value: unknown) =>
      key === 'additionalProperties' && value === false ? undefined : value,
    ),
  );
}
