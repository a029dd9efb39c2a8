import type { SocketHandlers } from '@chatplatform/client';
import type { PlantedFault } from './planted-fault.ts';

interface Line {
  hello?: { rooms?: Record<string, object> };
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
    name: 'catch-up-dropped',
    mistake: 'what a reconnect brings is thrown away, and counts as delivered',
    transport: (transport) => (url, handlers) =>
      transport(url, {
        onOpen: () => handlers.onOpen(),
        onClose: (code, reason) => handlers.onClose(code, reason),
        onFrame: (text) => {
          const line = text.startsWith('{"i":0') ? (JSON.parse(text) as Line) : {};
          for (const room of Object.values(line.hello?.rooms ?? {}))
            Object.assign(room, { msgs: [], more: false });
          handlers.onFrame(line.hello === undefined ? text : JSON.stringify(line));
        },
      }),
  },
  {
    name: 'frame-lost',
    mistake: 'a line of a frame of several lines is dropped, and its previous id is hidden',
    transport:
      (transport, { dice }) =>
      (url, handlers) => {
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
