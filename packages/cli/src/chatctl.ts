import { homedir } from 'node:os';
import { join } from 'node:path';
import { helpOf, parseInput, type Command, type CommandContext } from './command.ts';
import { commands } from './commands/index.ts';
import { CliError } from './errors.ts';

/** Exit codes: 0 done, 1 failed or a promise was broken, 2 called wrongly. */
const FAILED = 1;
const USAGE = 2;

/** Runs one chatctl command and gives back the exit code. Never throws. */
export async function chatctl(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    context.out(index());
    return name === undefined ? USAGE : 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    context.note(`error: there is no command "${name}"`);
    context.note(`  what to do: choose one of ${commands.map((each) => each.name).join(', ')}`);
    return USAGE;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    context.out(helpOf(command));
    return 0;
  }
  return runCommand(command, rest, context);
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  try {
    return await command.run(parseInput(command, argv), context);
  } catch (error) {
    if (error instanceof CliError) {
      context.note(`error: ${error.message}`);
      context.note(`  what to do: ${error.remedy}`);
      return error.code === 'usage' ? USAGE : FAILED;
    }
    context.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return FAILED;
  }
}

/** The cache folder, as tools/lib/cache.sh finds it. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return (
    env['CHATPLATFORM_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chatplatform')
  );
}

function index(): string {
  return [
    'chatctl: run a ChatPlatform, look at it, talk through it, check it.',
    '',
    'usage: chatctl COMMAND [OPTION...]',
    '',
    ...commands.map((command) => `  ${command.name.padEnd(12)} ${command.summary}`),
    '',
    'chatctl COMMAND --help explains one of them.',
  ].join('\n');
}
