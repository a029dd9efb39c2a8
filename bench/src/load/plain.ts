import type { Dialect } from './dialect.ts';

/** The protocol of the raw uWebSockets.js server of this benchmark: a letter, then what it is about. */
export const plain: Dialect = {
  speaker: ({ port, token, rooms }) => ({
    address: { port, path: `/?token=${token}` },
    opening: () => [`S${rooms.join(' ')}`],
    hear: (frame) => (frame === 'J' ? { joined: true } : { acked: frame === '+' ? 1 : 0 }),
    publish: (room, payload) => `P${room} ${payload}`,
  }),
  pingIn: () => undefined,
};
