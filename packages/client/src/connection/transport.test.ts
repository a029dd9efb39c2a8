import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { webSocketTransport, type WebSocketClass } from './transport.ts';

test('an upgrade refused with 503 and Retry-After asks for the next try after that, spread over half as much again', async () => {
  const server = createServer((_request, response) =>
    response.writeHead(503, { 'retry-after': '4' }).end('full'),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const end = await new Promise<unknown[]>((resolve) => {
    webSocketTransport(WebSocket as unknown as WebSocketClass)(`ws://127.0.0.1:${port}/ws`, {
      onOpen: () => undefined,
      onFrame: () => undefined,
      onClose: (...told) => resolve(told),
    });
  });
  expect(end).toEqual([1006, 'HTTP 503', [4_000, 6_000]]);
  await new Promise((resolve) => {
    server.close(resolve);
  });
});
