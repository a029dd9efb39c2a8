import type { Dialect, Heard } from './dialect.ts';

const PING = '2';
const PONG = '3';

/** Socket.IO 4 over a WebSocket without its client: Engine.IO packets as text. */
export const socketIo: Dialect = {
  speaker: ({ port, token, rooms }) => {
    let nextAck = 1;
    return {
      address: { port, path: '/socket.io/?EIO=4&transport=websocket' },
      opening: () => [],
      hear: (frame): Heard => {
        if (frame === PING) return { answers: [PONG] };
        if (frame.startsWith('0')) return { answers: [`40${JSON.stringify({ token })}`] };
        if (frame.startsWith('44')) return { refused: frame };
        if (frame.startsWith('40')) return { answers: [`420${JSON.stringify(['join', rooms])}`] };
        if (frame.startsWith('430[')) return { joined: true };
        return { acked: frame.startsWith('43') ? 1 : 0 };
      },
      publish: (room, payload) => {
        const ack = nextAck;
        nextAck += 1;
        return `42${ack}["pub","${room}","${payload}"]`;
      },
    };
  },
  // Engine.IO never puts two packets into one frame of a WebSocket.
  pingIn: () => undefined,
};
