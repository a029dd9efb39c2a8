import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readSigningKeys, type SigningKeys } from '@chatplatform/kafka';
import { command, type CommandContext } from '../command.ts';
import { CliError } from '../errors.ts';
import { Instance, newestInstance } from '../instance/instance.ts';

const ACTIONS = ['list', 'add', 'activate', 'remove'] as const;
type Action = (typeof ACTIONS)[number];
/** As long as the hash it keys. */
const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

type Change = (keys: SigningKeys, id: string) => SigningKeys;

/** `chatctl signing-keys`: the keys that records of the message log are signed with. */
export const signingKeys = command({
  name: 'signing-keys',
  summary: 'list, add, activate or remove keys that sign records of the message log',
  arguments: [ACTIONS.join('|'), '[ID...]'],
  options: {
    instance: { type: 'string', value: 'NAME', help: 'a platform of processes (default: the newest)' },
    file: { type: 'string', value: 'FILE', help: 'another file of keys; `add` makes it' },
  },
  examples: [
    'chatctl signing-keys list',
    'chatctl signing-keys add k2        # a few seconds later: activate k2',
    'chatctl signing-keys add k1 --file keys.json',
  ],
  run: ({ positionals, options }, context) => {
    const [action = '', ...ids] = positionals;
    const file = options.file ?? ofInstance(options.instance, context);
    if (!isAction(action))
      throw new CliError('usage', `signing-keys cannot "${action}"`, `choose one of ${ACTIONS.join(', ')}`);
    if (action !== 'list') write(file, CHANGES[action](read(file, action), idOf(action, ids)));
    const { active, keys } = read(file, 'list');
    for (const id of Object.keys(keys)) context.out(id === active ? `${id} (active)` : id);
    return Promise.resolve(0);
  },
});

const CHANGES: Readonly<Record<Exclude<Action, 'list'>, Change>> = {
  add: ({ active, keys }, id) => {
    if (Object.hasOwn(keys, id))
      throw new CliError('refused', `there is a key ${id} already`, 'choose another ID');
    const fresh = { ...keys, [id]: randomBytes(KEY_BYTES).toString('base64') };
    return { active: Object.hasOwn(keys, active) ? active : id, keys: fresh };
  },
  activate: ({ keys }, id) => ({ active: known(keys, id), keys }),
  remove: ({ active, keys }, id) => {
    if (known(keys, id) === active)
      throw new CliError('refused', `${id} is the key that signs`, 'activate another one first');
    return { active, keys: Object.fromEntries(Object.entries(keys).filter(([other]) => other !== id)) };
  },
};

function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

function idOf(action: Action, [id, ...more]: readonly string[]): string {
  if (id !== undefined && more.length === 0 && KEY_ID.test(id)) return id;
  throw new CliError(
    'usage',
    `${action} needs one ID`,
    'use up to 64 letters, digits, "-" and "_", such as k2',
  );
}

function known(keys: SigningKeys['keys'], id: string): string {
  if (Object.hasOwn(keys, id)) return id;
  throw new CliError('refused', `there is no key ${id}`, `choose one of ${Object.keys(keys).join(', ')}`);
}

function ofInstance(name: string | undefined, { cache }: Pick<CommandContext, 'cache'>): string {
  const instance = name === undefined ? newestInstance(cache) : new Instance(cache, name);
  const file = instance?.path('keys', 'signing.json');
  if (file !== undefined && existsSync(file)) return file;
  throw new CliError(
    'not-running',
    'no platform of processes was brought up on this machine',
    'bring one up with `chatctl up`, or give --file',
  );
}

function read(file: string, action: Action): SigningKeys {
  if (action === 'add' && !existsSync(file)) return { active: '', keys: {} };
  try {
    return readSigningKeys(file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', message, 'give a file of keys with --file', { cause: error });
  }
}

/** Written beside and renamed: programs that follow the file never see half of it. Its rights stay. */
function write(file: string, keys: SigningKeys): void {
  const text = `${JSON.stringify(keys, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, text, { mode: 0o600 });
  renameSync(partial, file);
}
