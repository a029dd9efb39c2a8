import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { CliError } from './errors.ts';

/** Where a command runs: everything it may touch outside its arguments. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The checkout's root. */
  readonly root: string;
  /** Folder of caches and instances. */
  readonly cache: string;
  /** Results: what a script would read. */
  readonly out: (line: string) => void;
  /** Progress and remarks. */
  readonly note: (line: string) => void;
  /** Asks the person at the terminal; absent where nobody sits. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One option of a command. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** Name of the value in the help text. */
  readonly value?: string;
  readonly help: string;
  readonly default?: string;
}

/** One subcommand of chatctl. */
export interface Command<O extends Record<string, CommandOption> = Record<string, CommandOption>> {
  readonly name: string;
  /** One line for the index. */
  readonly summary: string;
  /** Names of positional arguments, for instance `ROOM TEXT`; `[NAME...]` at the end takes any number, also none. */
  readonly arguments: readonly string[];
  readonly options: O;
  /** Lines at the end of the help text. */
  readonly examples: readonly string[];
  /** @returns the exit code */
  run(input: Input<O>, context: CommandContext): Promise<number>;
}

/** The arguments of one call, checked against the command's description. */
export interface Input<O extends Record<string, CommandOption>> {
  readonly positionals: readonly string[];
  readonly options: { readonly [K in keyof O]?: O[K]['type'] extends 'boolean' ? boolean : string };
}

/** Declares a command, keeping the types of its options. */
export function command<O extends Record<string, CommandOption>>(definition: Command<O>): Command {
  return definition;
}

/** Parses `argv` for a command. @throws CliError `usage` that names the argument and shows the way to the help. */
export function parseInput(
  definition: Command,
  argv: readonly string[],
): Input<Record<string, CommandOption>> {
  const remedy = `see: chatctl ${definition.name} --help`;
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...argv],
      options: parserOptions(definition),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new CliError('usage', error instanceof Error ? error.message : String(error), remedy, {
      cause: error,
    });
  }
  const { positionals } = parsed;
  const wanted = definition.arguments;
  if (!fits(positionals.length, wanted)) {
    const shown = wanted.length === 0 ? 'none' : wanted.join(' ');
    throw new CliError(
      'usage',
      `${definition.name} takes ${shown} as arguments, not "${positionals.join(' ')}"`,
      remedy,
    );
  }
  return { positionals, options: parsed.values as Record<string, never> };
}

function fits(count: number, wanted: readonly string[]): boolean {
  const isOpen = wanted.at(-1)?.endsWith('...]') === true;
  return isOpen ? count >= wanted.length - 1 : count === wanted.length;
}

function parserOptions(definition: Command): ParseArgsOptionsConfig {
  return Object.fromEntries(
    Object.entries(definition.options).map(([name, option]) => [
      name,
      option.default === undefined ? { type: option.type } : { type: option.type, default: option.default },
    ]),
  );
}

/** The help text of one command. */
export function helpOf(definition: Command): string {
  const width = 26;
  const options = Object.entries(definition.options).map(([name, option]) => {
    const shown = `--${name}${option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : ''}`;
    const fallback = option.default === undefined ? '' : ` (default ${option.default})`;
    return `  ${shown.padEnd(width)} ${option.help}${fallback}`;
  });
  const usage = ['chatctl', definition.name, ...definition.arguments, '[OPTION...]'].join(' ');
  return [
    definition.summary,
    '',
    `usage: ${usage}`,
    '',
    ...options,
    `  ${'--help'.padEnd(width)} this text`,
    ...(definition.examples.length === 0
      ? []
      : ['', 'examples:', ...definition.examples.map((line) => `  ${line}`)]),
  ].join('\n');
}

/** A whole number from an option. @throws CliError `usage` */
export function wholeNumber(text: string, name: string, range: { min: number; max: number }): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw new CliError(
    'usage',
    `--${name} is "${text}"`,
    `write a whole number from ${range.min} to ${range.max}`,
  );
}
