import { connect } from '@chatplatform/client';
import { command } from '../command.ts';
import { findTarget, targetOptions } from '../instance/target.ts';

/** `chatctl publish`: one message into a room. */
export const publish = command({
  name: 'publish',
  summary: 'publish one message and wait until it is in the log',
  arguments: ['ROOM', 'DATA'],
  options: {
    user: { type: 'string', value: 'NAME', help: 'who says it', default: 'chatctl' },
    ...targetOptions,
  },
  examples: ['chatctl publish team:42 "hello"', `chatctl publish team:42 '{"text":"hello"}' --user ann`],
  run: async ({ positionals, options }, context) => {
    const [room, data] = positionals as [string, string];
    const target = findTarget(options, context);
    const client = connect({ url: target.url, token: () => target.token(options.user ?? 'chatctl') });
    try {
      const ack = await client.join(room, { limit: 0 }).publish(readData(data));
      context.out(JSON.stringify({ room, ...ack }));
      return 0;
    } finally {
      client.close();
    }
  },
});

/** JSON stays JSON; anything else is text in the form the demo page shows. */
function readData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
