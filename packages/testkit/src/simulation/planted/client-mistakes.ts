import type { SocketHandlers } from '@chatplatform/client';
import type { PlantedFault } from './planted-fault.ts';

interface Line {
  hello?: { rooms?: Record<string, { pos?: string }> };
  pub?: { room: string; re?: number };
}

/** Mistakes in the SDK, or between it and the gateway. */
export const CLIENT_MISTAKES: readonly PlantedFault[] = [
  {
    name: 'outbox-out-of-order',
    mistake: 'after a reconnect the second unacknowledged publish goes out before the first',
    transport: (transport) => (url, handlers) => {
      const socket = transport(url, handlers);
      let waiting: string | undefined;
      const release = (): void => {
        if (waiting !== undefined) socket.send(waiting);
        waiting = undefined;
      };
      return {
        close: (code, reason) => socket.close(code, reason),
        send: (frame) => {
          const isResend = (JSON.parse(frame) as Line).pub?.re !== undefined;
          if (isResend && waiting === undefined) {
            waiting = frame;
            queueMicrotask(release);
            return;
          }
          socket.send(frame);
          if (isResend) release();
        },
      };
    },
  },
  {
    name: 'renumbered-resend',
    mistake: 'a resend gets a number of its own, so that nobody can see that it is one',
    transport: (transport) => {
      let next = 1_000_000;
      return (url, handlers) => {
        const socket = transport(url, handlers);
        return {
          close: (code, reason) => socket.close(code, reason),
          send: (frame) => {
            const line = JSON.parse(frame) as { pub?: { cid: string; re?: number } };
            if (line.pub?.re !== undefined) {
              next += 1;
              line.pub.cid = line.pub.cid.replace(/\d+$/, String(next));
              delete line.pub.re;
            }
            socket.send(JSON.stringify(line));
          },
        };
      };
    },
  },
  {
    name: 'position-forgotten',
    mistake: 'a reconnect does not say up to where the client has everything',
    transport: (transport) => (url, handlers) => {
      const socket = transport(url, handlers);
      return {
        close: (code, reason) => socket.close(code, reason),
        send: (frame) => {
          const line = JSON.parse(frame) as Line;
          for (const wish of Object.values(line.hello?.rooms ?? {})) delete wish.pos;
          socket.send(JSON.stringify(line.hello === undefined ? line : withoutHistory(line)));
        },
      };
    },
  },
  {
    name: 'frame-lost',
    mistake: 'a line of a frame of several lines is dropped, and its previous id is hidden',
    transport: (transport, { dice }) => (url, handlers) => {
      const hidden: SocketHandlers = {
        onOpen: () => handlers.onOpen(),
        onClose: (code, reason) => handlers.onClose(code, reason),
        onFrame: (text) => {
          const isMessage = text.startsWith('{"m":');
          if (isMessage && dice.chance(0.02)) return;
          handlers.onFrame(isMessage ? text.replaceAll(/"p":"[^"]*"/g, '"p":""') : text);
        },
      };
      return transport(url, hidden);
    },
  },
];

function withoutHistory(line: Line): Line {
  for (const wish of Object.values(line.hello?.rooms ?? {})) Object.assign(wish, { limit: 0 });
  return line;
}
