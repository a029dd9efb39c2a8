import type { z } from 'zod';
import { NOTICES, OperationSchemas, type Operation } from '../client-frames.ts';
import { CloseCodes, type CloseRow } from '../closes.ts';
import { ErrorCodes, type ErrorRow } from '../errors.ts';
import { EventSchema, type PlatformEvent } from '../events.ts';
import { ErrorSchema, PushSchemas, ReplySchemas, type PushBodies } from '../gateway-frames.ts';
import { Limits } from '../limits.ts';
import { RecordValueSchema } from '../record.ts';
import { EventRows } from './event-rows.ts';
import { fieldsOf, fieldTable } from './fields.ts';
import { LimitRows } from './limit-rows.ts';
import { AnyRequestErrors, OperationRows } from './operation-rows.ts';
import { PushRows } from './push-rows.ts';
import { RecordHeaderRows } from './record-rows.ts';
import { ProtocolRules } from './rules.ts';
import { schemaOf } from './schema.ts';

/** The generated blocks of the pages by name: `tables.errors` goes between the markers of `errors`. */
export function pageBlocks(): Readonly<Record<string, string>> {
  const rules = Object.entries(ProtocolRules).map(([section, entries]) => [
    `rules ${section}`,
    entries.map(({ id, text }) => `- ${text} <sub>\`${id}\`</sub>`).join('\n'),
  ]);
  return {
    operations: operationTable(),
    'operation fields': Object.keys(OperationSchemas)
      .map((op) => operationFields(op as Operation))
      .join('\n\n'),
    pushes: pushTable(),
    'push fields': Object.keys(PushSchemas)
      .map((name) => pushFields(name as keyof PushBodies))
      .join('\n\n'),
    error: fieldTable(fieldsOf(schemaOf(ErrorSchema, 'output'))),
    errors: errorTable(),
    closes: closeTable(),
    limits: limitTable(),
    'record headers': headerTable(),
    'record value': fieldTable(fieldsOf(schemaOf(RecordValueSchema, 'input'))),
    events: eventTables(),
    ...(Object.fromEntries(rules) as Record<string, string>),
  };
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function operationTable(): string {
  const notices = new Set<string>(NOTICES);
  return table(
    ['operation', 'what it does', 'right', 'reply', 'errors of its own'],
    Object.entries(OperationRows).map(([op, row]) => [
      `\`${op}\``,
      row.summary,
      row.right,
      notices.has(op) ? 'none' : 'one',
      row.errors.join(' '),
    ]),
  );
}

function operationFields(op: Operation): string {
  const reply: z.ZodType | undefined = Reflect.get(ReplySchemas, op) as z.ZodType | undefined;
  const parts = [`### \`${op}\``, fieldTable(fieldsOf(schemaOf(OperationSchemas[op], 'input')))];
  if (reply !== undefined) parts.push('Reply:', fieldTable(fieldsOf(schemaOf(reply, 'output'))));
  return parts.join('\n\n');
}

function pushTable(): string {
  return table(
    ['push', 'what it says', 'class'],
    Object.entries(PushRows).map(([name, row]) => [`\`${name}\``, row.summary, row.cls]),
  );
}

function pushFields(name: keyof PushBodies): string {
  return `### \`${name}\`\n\n${fieldTable(fieldsOf(schemaOf(PushSchemas[name], 'output')))}`;
}

function errorTable(): string {
  const any = AnyRequestErrors.join(', ');
  const rows = Object.entries<ErrorRow>(ErrorCodes).map(([code, row]) => [
    code,
    row.name,
    row.retry ? 'yes' : 'no',
    row.cause,
    row.remedy,
  ]);
  return `Any request may get ${any}.\n\n${table(['code', 'name', 'retry', 'cause', 'what to do'], rows)}`;
}

function closeTable(): string {
  return table(
    ['code', 'name', 'reconnect', 'cause', 'what to do'],
    Object.entries<CloseRow>(CloseCodes).map(([code, row]) => [
      code,
      row.name,
      row.reconnect ? 'yes' : 'no',
      row.cause,
      row.remedy,
    ]),
  );
}

function limitTable(): string {
  return table(
    ['limit', 'value', 'of what', 'beyond it', 'in force'],
    Object.entries(LimitRows).map(([name, row]) => [
      `\`${name}\``,
      `${Limits[name as keyof typeof Limits]} ${row.unit}`,
      row.what,
      row.beyond,
      inForce(row.published),
    ]),
  );
}

function inForce(published: string | undefined): string {
  if (published === undefined) return 'this value or as configured';
  const place = published === 'ping' || published === 'pongWait' ? '' : 'limits.';
  return `\`hello.${place}${published}\``;
}

function headerTable(): string {
  return table(
    ['header', 'value', 'needed', 'meaning'],
    Object.entries(RecordHeaderRows).map(([name, row]) => [
      `\`${name}\``,
      row.value,
      row.needed ? 'yes' : '',
      row.meaning,
    ]),
  );
}

function eventTables(): string {
  return EventSchema.options
    .map((option) => {
      const node = schemaOf(option, 'output');
      const type = String(node.properties?.['type']?.const) as PlatformEvent['type'];
      const fields = fieldsOf(node).filter(({ path }) => path !== 'type');
      return `### \`${type}\`\n\n${EventRows[type]}\n\n${fieldTable(fields)}`;
    })
    .join('\n\n');
}
