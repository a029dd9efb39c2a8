// Socket.IO with a token check, join and publish. `socket-io.ts PORT KEY PACKAGES`: it is no dependency of this
// project, so it is loaded from the folder it was installed into.
import { createRequire } from 'node:module';
import { isValidToken } from '../load/token.ts';

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: string } };
  on(event: 'join', listener: (rooms: string[], done: (value: string) => void) => void): void;
  on(event: 'pub', listener: (room: string, payload: string, done: (value: string) => void) => void): void;
  join(rooms: string[]): void;
}
interface IoServer {
  use(check: (socket: IoSocket, next: (error?: Error) => void) => void): void;
  on(event: 'connection', listener: (socket: IoSocket) => void): void;
  to(room: string): { emit(event: string, payload: string): void };
  listen(port: number): void;
}

const [port = '0', key = '', packages = ''] = process.argv.slice(2);
const { Server } = createRequire(`${packages}/`)('socket.io') as {
  Server: new (options: object) => IoServer;
};
const io = new Server({ transports: ['websocket'], serveClient: false });
io.use((socket, next) =>
  isValidToken(key, socket.handshake.auth.token ?? '') ? next() : next(new Error('token')),
);
io.on('connection', (socket) => {
  socket.on('join', (rooms, done) => {
    socket.join(rooms);
    done('ok');
  });
  socket.on('pub', (room, payload, done) => {
    io.to(room).emit('m', payload);
    done('ok');
  });
});
io.listen(Number(port));
process.stdout.write('listening\n');
