import { connect } from '@chatplatform/client';
import { command, wholeNumber } from '../command.ts';
import { findTarget, targetOptions } from '../instance/target.ts';

const MAX_HISTORY = 200;

/** `chatctl tail`: a room's messages as they come. */
export const tail = command({
  name: 'tail',
  summary: 'print the messages of a room as they come, one JSON object per line',
  arguments: ['ROOM'],
  options: {
    user: { type: 'string', value: 'NAME', help: 'who listens', default: 'chatctl' },
    history: { type: 'string', value: 'COUNT', help: 'messages of the past to begin with', default: '10' },
    ...targetOptions,
  },
  examples: ['chatctl tail team:42', 'chatctl tail team:42 --history 0 | jq .data'],
  run: async ({ positionals, options }, context) => {
    const limit = wholeNumber(options.history ?? '10', 'history', { min: 0, max: MAX_HISTORY });
    const target = findTarget(options, context);
    const client = connect({ url: target.url, token: () => target.token(options.user ?? 'chatctl') });
    client.on('state', ({ state, reason }) =>
      context.note(`connection: ${state}${reason === undefined ? '' : ` (${reason})`}`),
    );
    try {
      const room = client.join(positionals[0] as string, { limit });
      room.on('message', (message) => context.out(JSON.stringify(message)));
      room.on('continuity', (lost) =>
        context.note(`messages before the next one are missing (${lost.reason})`),
      );
      await room.ready;
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
      return 0;
    } finally {
      client.close();
    }
  },
});
