import { command, type CommandContext } from '../command.ts';
import { CliError } from '../errors.ts';
import type { DeadLetterBox, Letter } from './dlq-box.ts';
import { brokerOptions, openBox } from './dlq-target.ts';

const ACTIONS = ['list', 'show', 'replay', 'drop'] as const;
type Action = (typeof ACTIONS)[number];
/** A line of the list stays readable: the whole message is in `show`. */
const SHOWN_CHARS = 100;

const options = {
  cause: { type: 'string', value: 'CAUSE', help: 'only letters of this cause, such as value or rule:words' },
  all: { type: 'boolean', help: 'list handled ones too; replay or drop every open one' },
  json: { type: 'boolean', help: 'list for scripts: one JSON object per line' },
  yes: { type: 'boolean', help: 'do not ask before replay and drop' },
  ...brokerOptions,
} as const;

interface Call {
  readonly ids: readonly string[];
  readonly options: {
    readonly cause?: string;
    readonly all?: boolean;
    readonly json?: boolean;
    readonly yes?: boolean;
  };
  readonly box: DeadLetterBox;
  readonly context: CommandContext;
}

/** `chatctl dlq`: what could not be processed, and what becomes of it. */
export const dlq = command({
  name: 'dlq',
  summary: 'list, show, replay or drop dead letters: records that could not be processed',
  arguments: [ACTIONS.join('|'), '[ID...]'],
  options,
  examples: [
    'chatctl dlq list',
    'chatctl dlq show 0-12',
    'chatctl dlq replay 0-12 0-13',
    'chatctl dlq drop --all --cause value --yes',
    'chatctl dlq list --brokers localhost:9092 --platform chat.demo',
  ],
  run: async ({ positionals, options: chosen }, context) => {
    const [action = '', ...ids] = positionals;
    if (!isAction(action)) {
      throw new CliError('usage', `dlq cannot "${action}"`, `choose one of ${ACTIONS.join(', ')}`);
    }
    const { box, kafka } = await openBox(chosen, context);
    try {
      return await RUN[action]({ ids, options: chosen, box, context });
    } catch (error) {
      throw error instanceof CliError ? error : unreachable(error);
    } finally {
      await kafka.close();
    }
  },
});

const RUN: Readonly<Record<Action, (call: Call) => Promise<number>>> = {
  list,
  show,
  replay: (call) => handle(call, 'replay', (letter) => call.box.replay(letter)),
  drop: (call) => handle(call, 'drop', (letter) => call.box.drop(letter)),
};

function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

async function list({ ids, options: { all, cause, json }, box, context }: Call): Promise<number> {
  if (ids.length > 0) throw new CliError('usage', `list takes no ID, not "${ids.join(' ')}"`, 'use show');
  const letters = (await box.letters(context.signal)).filter(
    (letter) =>
      (all === true || letter.mark === undefined) && (cause === undefined || letter.cause === cause),
  );
  for (const letter of letters) context.out(json === true ? JSON.stringify(described(letter)) : line(letter));
  if (letters.length === 0) context.note(all === true ? 'no dead letters' : 'no open dead letters');
  return 0;
}

async function show({ ids, box, context }: Call): Promise<number> {
  if (ids.length === 0) throw new CliError('usage', 'show needs an ID', 'take one from `chatctl dlq list`');
  for (const letter of select(await box.letters(context.signal), ids)) {
    const { key, headers, value } = letter.record;
    const content = { ...described(letter), key, headers, value: readable(value) };
    context.out(JSON.stringify(content, null, 2));
  }
  return 0;
}

/** Replays or drops letters one after the other; one that cannot be handled does not stop the others. */
async function handle(
  call: Call,
  verb: 'replay' | 'drop',
  act: (letter: Letter) => Promise<void>,
): Promise<number> {
  const { context } = call;
  const chosen = choose(await call.box.letters(context.signal), call);
  if (chosen.length === 0) {
    context.note('no open dead letters');
    return 0;
  }
  if (!(await agreed(call, `${verb} ${chosen.length} dead letter(s)?`))) return 1;
  let failed = 0;
  for (const letter of chosen) {
    try {
      await act(letter);
      context.out(`${letter.id} ${verb === 'drop' ? 'dropped' : 'replayed'}`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      failed += 1;
      context.note(`${error.message}; ${error.remedy}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

function choose(letters: readonly Letter[], { ids, options: { all, cause } }: Call): Letter[] {
  if (ids.length > 0 === (all === true)) {
    throw new CliError('usage', 'it is not clear which letters', 'give either IDs or --all');
  }
  const chosen =
    ids.length > 0 ? select(letters, ids) : letters.filter((letter) => letter.mark === undefined);
  const handled = chosen.find((letter) => letter.mark !== undefined);
  if (handled !== undefined) {
    throw new CliError('refused', `${handled.id} was ${handled.mark?.outcome} already`, 'leave it out');
  }
  return chosen.filter((letter) => cause === undefined || letter.cause === cause);
}

function select(letters: readonly Letter[], ids: readonly string[]): Letter[] {
  return ids.map((id) => {
    const letter = letters.find((candidate) => candidate.id === id);
    if (letter !== undefined) return letter;
    throw new CliError(
      'refused',
      `there is no dead letter ${id}`,
      'take an ID from `chatctl dlq list --all`',
    );
  });
}

async function agreed({ options: { yes }, context }: Call, question: string): Promise<boolean> {
  if (yes === true) return true;
  if (context.confirm !== undefined) return context.confirm(question);
  throw new CliError('usage', 'nobody can be asked here', 'add --yes');
}

function described(letter: Letter): Record<string, unknown> {
  const { id, at, cause, message, attempts, origin, omittedBytes, mark } = letter;
  const handled = mark && { outcome: mark.outcome, at: new Date(mark.at).toISOString() };
  return { id, at: new Date(at).toISOString(), cause, message, attempts, origin, omittedBytes, handled };
}

function line(letter: Letter): string {
  const { id, at, cause, message, origin, record, mark } = letter;
  const when = new Date(at).toISOString().slice(0, 19);
  const place = `${origin.topic}/${origin.partition}@${origin.offset}`;
  const state = mark === undefined ? '' : `  (${mark.outcome})`;
  return `${id.padEnd(8)} ${when} ${cause.padEnd(12)} ${place}  ${printable(record.key ?? '-')}  ${printable(message)}${state}`;
}

/** What a stranger wrote must not move the cursor of whoever reads it. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARS)).slice(1, -1);
}

/** JSON as it is meant, other text as it is, anything else as base64. */
function readable(value: Buffer | null): unknown {
  if (value === null) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value);
    return parsed(text);
  } catch {
    return { base64: value.toString('base64') };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unreachable(error: unknown): unknown {
  if ((error as { retryable?: boolean }).retryable !== true) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CliError('unreachable', message, 'see that Kafka runs and can be reached from here', {
    cause: error,
  });
}
