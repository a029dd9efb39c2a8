import { formatVerdict, runTraffic } from '@chatplatform/testkit';
import { systemRandom } from '@chatplatform/runtime';
import { command, wholeNumber } from '../command.ts';
import { findTarget, targetOptions } from '../instance/target.ts';

const MAX_SEED = 2 ** 32 - 1;
/** One machine drives this many clients without becoming the bottleneck itself. */
const MAX_CLIENTS = 1000;
const MAX_MESSAGES = 10_000_000;

/** `chatctl verify`: the checker against any platform. */
export const verify = command({
  name: 'verify',
  summary: 'exchange messages between many clients and judge: none lost, none doubled, one order',
  arguments: [],
  options: {
    clients: { type: 'string', value: 'COUNT', help: 'clients, each a user of its own', default: '20' },
    rooms: { type: 'string', value: 'COUNT', help: 'rooms; every client is in two', default: '5' },
    messages: { type: 'string', value: 'COUNT', help: 'messages in all', default: '2000' },
    seed: {
      type: 'string',
      value: 'NUMBER',
      help: 'repeats the traffic of an earlier run (default: a new one)',
    },
    ...targetOptions,
  },
  examples: [
    'chatctl verify',
    'chatctl verify --url wss://chat.example.com/ws --token "$JWT" --messages 500',
  ],
  run: async ({ options }, context) => {
    const target = findTarget(options, context);
    const random = Math.floor(systemRandom.next() * MAX_SEED);
    const seed = wholeNumber(options.seed ?? String(random), 'seed', { min: 0, max: MAX_SEED });
    const result = await runTraffic({
      url: target.url,
      token: target.token,
      clients: wholeNumber(options.clients ?? '20', 'clients', { min: 1, max: MAX_CLIENTS }),
      rooms: wholeNumber(options.rooms ?? '5', 'rooms', { min: 1, max: MAX_CLIENTS }),
      messages: wholeNumber(options.messages ?? '2000', 'messages', { min: 1, max: MAX_MESSAGES }),
      seed,
      signal: context.signal,
      onProgress: ({ settled, received }) => context.note(`published ${settled}, received ${received}`),
    });
    context.out(formatVerdict(result.verdict, seed));
    return result.verdict.clean ? 0 : 1;
  },
});
