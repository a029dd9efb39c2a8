import { asIfSentOnce, withLatest, withLog } from './around.ts';
import type { PlantedFault } from './planted-fault.ts';

/** Mistakes in rooms that keep the newest value of each key. */
export const VALUE_MISTAKES: readonly PlantedFault[] = [
  {
    name: 'values-from-a-replica',
    mistake: 'values are read where the newest one arrives late',
    stores: ({ redis }, { program, dice }) =>
      program === 'worker'
        ? {}
        : {
            redis: withLatest(redis, (latest) => ({
              all: async (room) => {
                const page = await latest.all(room);
                const { entries } = page;
                return { ...page, entries: dice.chance(0.5) ? entries.slice(0, -1) : entries };
              },
            })),
          },
  },
  {
    name: 'deletion-forgotten',
    mistake: 'what changed while somebody was away does not tell of deletions',
    stores: ({ redis }, { program }) =>
      program === 'worker'
        ? {}
        : {
            redis: withLatest(redis, (latest) => ({
              changes: async (room, from) => {
                const page = await latest.changes(room, from);
                return { ...page, entries: page.entries.filter(({ frame }) => !frame.includes('"d":null')) };
              },
            })),
          },
  },
  {
    name: 'copy-restored',
    mistake: 'a resent value that is restored from the log takes the place of what was set after it',
    stores: ({ kafka }, { program }) =>
      program === 'gateway' ? {} : { kafka: withLog(kafka, asIfSentOnce) },
  },
  {
    name: 'value-set-twice',
    mistake: 'a resent value counts as a new one, and takes the place of what was set after it',
    stores: ({ redis }, { program }) =>
      program === 'gateway'
        ? {}
        : {
            redis: withLatest(redis, (latest) => ({
              append: (request) =>
                latest.append({
                  ...request,
                  messages: request.messages.map((message) => ({
                    ...message,
                    inst: `${message.inst} ${message.offset}`,
                  })),
                }),
            })),
          },
  },
];
