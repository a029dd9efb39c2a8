// docs/configuration.md: every key of every program's configuration and every field of the resource.
import ts from 'typescript';
import { ChatPlatformSpec, GatewayConfig, WorkerConfig } from '../../packages/platform/src/index.ts';
import { OperatorConfig } from '../../operator/src/config.ts';
import { meanings } from './meanings.ts';
import { callsOf, commentOf, sourcesBelow } from './sources.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-validations'?: readonly { rule: string; message: string }[];
}

interface Leaf {
  readonly path: string;
  readonly node: Node;
  readonly required: boolean;
  readonly meaning: string;
}

interface Part {
  readonly title: string;
  readonly intro: string;
  readonly schema: { toJSONSchema(options: { io: 'input'; reused: 'inline' }): unknown };
  /** When a change is applied, by the longest path that fits. */
  readonly applied: Readonly<Record<string, string>>;
}

const ROLL = 'rolls the pods';
const PARTS: readonly Part[] = [
  {
    title: 'The resource ChatPlatform (`spec`)',
    intro:
      'What people write; the operator makes the configuration of the programs from it. `kubectl explain chat.spec` says the same.',
    schema: ChatPlatformSpec,
    applied: {
      '': ROLL,
      management: 'live',
      deletionPolicy: 'live',
      limits: 'live',
      auth: 'rolls the gateways',
      gateway: 'rolls the gateways',
      'gateway.replicas': 'live',
      'gateway.service': 'live',
      'gateway.rebalance': 'live',
      workers: 'rolls the workers',
      'workers.replicas': 'live',
      'limits.maxFrameBytes': 'next start of a gateway',
      'kafka.mode': 'never',
      'kafka.embedded': 'never',
      'kafka.messages': 'live',
      'redis.mode': 'never',
      notifications: 'rolls the workers',
    },
  },
  {
    title: 'Gateway',
    intro:
      'JSON or YAML file named by `--config`; each key also as environment variable `CHAT_…` (levels separated by `__`). Keys below `live` also stand in the file `liveFile` names, which is watched.',
    schema: GatewayConfig,
    applied: { '': 'restart', live: 'live', 'live.limits.maxFrameBytes': 'restart' },
  },
  {
    title: 'Worker',
    intro: 'JSON or YAML file named by `--config`; each key also as environment variable `CHAT_…`.',
    schema: WorkerConfig,
    applied: { '': 'restart' },
  },
  {
    title: 'Operator',
    intro: 'Environment variables `OPERATOR_…`, or a file named by `--config`; the chart sets them.',
    schema: OperatorConfig,
    applied: { '': 'restart' },
  },
];

/** The text of docs/configuration.md. @throws Error naming every key that nobody described */
export function configurationPage(): string {
  const comments = new Comments();
  const missing: string[] = [];
  const sections = PARTS.map((part) => section(part, comments, missing));
  if (missing.length > 0) {
    throw new Error(
      `keys without a meaning (write a /** comment */ above each in its schema):\n  ${missing.join('\n  ')}`,
    );
  }
  return `# Configuration

Generated from the schemas by \`tools/verify --write\`. \`a.b[]\` = in each entry of the list \`a.b\`. *applied*: \`live\` = while the programs run,
\`restart\` = at the next start, \`rolls …\` = pods are replaced one after the other, \`never\` = it cannot change.

${sections.join('\n')}`;
}

function section(part: Part, comments: Comments, missing: string[]): string {
  const node = part.schema.toJSONSchema({ io: 'input', reused: 'inline' }) as Node;
  const leaves = leavesOf(node, '', comments);
  missing.push(...leaves.filter(({ meaning }) => meaning === '').map(({ path }) => `${part.title}: ${path}`));
  const rows = leaves.map((leaf) => rowOf(leaf, part));
  return `## ${part.title}\n\n${part.intro}\n\n| key | values | default | applied | meaning |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function leavesOf(node: Node, prefix: string, comments: Comments): Leaf[] {
  const names = Object.keys(node.properties ?? {});
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const below = leavesInside(inner, path, comments);
    if (below.length > 0) return below;
    const meaning = inner.description ?? comments.of(name, names) ?? meaningOf(path);
    return [{ path, node: inner, required: node.required?.includes(name) ?? false, meaning }];
  });
}

function leavesInside(node: Node, path: string, comments: Comments): Leaf[] {
  if (node.properties !== undefined) return leavesOf(node, path, comments);
  return node.items?.properties === undefined ? [] : leavesOf(node.items, `${path}[]`, comments);
}

/** A meaning that holds for every key whose path ends so; the longest ending wins. */
function meaningOf(path: string): string {
  const parts = path.replaceAll('[]', '').split('.');
  for (let from = 0; from < parts.length; from += 1) {
    const meaning = meanings[parts.slice(from).join('.')];
    if (meaning !== undefined) return meaning;
  }
  return '';
}

function rowOf({ path, node, required, meaning }: Leaf, part: Part): string {
  const fallback =
    node.default === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(node.default)}\``;
  const cells = [`\`${path}\``, typeOf(node), fallback, appliedOf(path, node, part), meaning];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function appliedOf(path: string, node: Node, { applied }: Part): string {
  const rules = node['x-kubernetes-validations'] ?? [];
  if (rules.some(({ rule }) => rule === 'self == oldSelf')) return 'never';
  const plain = path.replaceAll('[]', '');
  const fitting = Object.keys(applied)
    .filter((prefix) => prefix === '' || plain === prefix || plain.startsWith(`${prefix}.`))
    .sort((a, b) => b.length - a.length);
  return applied[fitting[0] ?? ''] ?? '';
}

function typeOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(' or ');
  if (node.type === 'array')
    return `list${range(node.minItems, node.maxItems)} of ${typeOf(node.items ?? {})}`;
  if (node.type === 'string') return `text${range(node.minLength, node.maxLength)}`;
  if (node.type === 'integer' || node.type === 'number')
    return `${node.type}${range(node.minimum, node.maximum)}`;
  return node.type ?? 'any';
}

function range(low: number | undefined, high: number | undefined): string {
  const from = low === undefined || low <= Number.MIN_SAFE_INTEGER ? '' : String(low);
  const to = high === undefined || high >= Number.MAX_SAFE_INTEGER ? '' : String(high);
  if (from === '' && to === '') return '';
  if (from === '') return ` up to ${to}`;
  return to === '' ? ` from ${from}` : ` ${from}–${to}`;
}

/** Comments above the keys of schemas. A schema object is found again by the names of its keys. */
class Comments {
  readonly #literals: { names: readonly string[]; comments: ReadonlyMap<string, string> }[];

  constructor() {
    this.#literals = sourcesBelow(['packages/platform/src', 'operator/src'])
      .flatMap((file) => callsOf(file, ['object', 'looseObject', 'extend']))
      .flatMap(({ arguments: [literal] }) =>
        literal !== undefined && ts.isObjectLiteralExpression(literal) ? [literal] : [],
      )
      .map(({ properties }) => ({
        names: properties.map((property) => property.name?.getText() ?? ''),
        comments: new Map(
          properties.map((property) => [property.name?.getText() ?? '', commentOf(property) ?? '']),
        ),
      }))
      .sort((a, b) => b.names.length - a.names.length);
  }

  /** The comment above key `name` of the schema whose keys are `names`. */
  of(name: string, names: readonly string[]): string | undefined {
    const literal = this.#literals.find(
      (each) => (each.comments.get(name) ?? '') !== '' && each.names.every((other) => names.includes(other)),
    );
    return literal?.comments.get(name);
  }
}
