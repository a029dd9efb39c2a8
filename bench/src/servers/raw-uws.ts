// The limit: uWebSockets.js with nothing but a token check, subscribe and publish. `raw-uws.ts PORT KEY`.
import uws from 'uWebSockets.js';
import { isValidToken } from '../load/token.ts';

const [port = '0', key = ''] = process.argv.slice(2);
const app = uws.App();
/** As the gateway: sockets above it are closed, never skipped. */
const MAX_BACKPRESSURE_BYTES = 1024 * 1024;

app.ws('/*', {
  maxBackpressure: MAX_BACKPRESSURE_BYTES,
  closeOnBackpressureLimit: true,
  idleTimeout: 960,
  upgrade: (response, request, context) => {
    if (!isValidToken(key, request.getQuery('token') ?? '')) {
      response.writeStatus('401 Unauthorized').end();
      return;
    }
    response.upgrade(
      {},
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  message: (socket, message) => {
    const text = Buffer.from(message).toString();
    const rest = text.slice(1);
    if (text.startsWith('S')) {
      for (const room of rest.split(' ')) socket.subscribe(room);
      socket.send('J');
      return;
    }
    const space = rest.indexOf(' ');
    app.publish(rest.slice(0, space), rest.slice(space + 1));
    socket.send('+');
  },
});
app.listen('127.0.0.1', Number(port), (listening) => {
  if (listening === false) process.exit(1);
  process.stdout.write('listening\n');
});
