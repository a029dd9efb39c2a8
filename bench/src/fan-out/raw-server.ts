// The limit of a fan-out: uWebSockets.js that publishes what the parent process orders to every socket that came.
// `raw-server.ts [deflate]`: with compression a socket that offers it gets every frame compressed.
import uws from 'uWebSockets.js';
import type { Order, Stop } from './order.ts';

const deflate = process.argv[2] === 'deflate';
const TOPIC = 'room';
const app = uws.App();

app.ws('/*', {
  compression: deflate ? uws.SHARED_COMPRESSOR : uws.DISABLED,
  maxBackpressure: 1024 * 1024,
  closeOnBackpressureLimit: true,
  idleTimeout: 960,
  open: (socket) => void socket.subscribe(TOPIC),
});

process.on('message', (order: Order | Stop) => {
  if ('stop' in order) return;
  const { text, burst, turns, everyMs } = order;
  const before = process.cpuUsage();
  let turn = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < burst; n += 1) app.publish(TOPIC, text, false, deflate);
    turn += 1;
    if (turn < turns) return;
    clearInterval(timer);
    process.send?.({ published: true });
  }, everyMs);
  process.once('message', () => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuSeconds: (user + system) / 1e6 });
  });
});
app.listen('127.0.0.1', 0, (listening) => {
  if (listening === false) process.exit(1);
  process.send?.({ port: uws.us_socket_local_port(listening) });
});
