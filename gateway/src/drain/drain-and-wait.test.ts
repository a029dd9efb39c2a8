import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drainAndWait } from './drain-and-wait.ts';

const serve = async (states: string[], seen: string[]): Promise<{ server: Server; port: number }> => {
  const server = createServer((request, response) => {
    seen.push(request.method ?? '');
    response.end(JSON.stringify({ state: states.shift() ?? 'drained' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

test('orders the drain once and waits until it is over', async () => {
  const seen: string[] = [];
  const { server, port } = await serve(['waiting', 'moving', 'drained'], seen);
  await drainAndWait(port);
  server.close();
  expect(seen).toEqual(['POST', 'GET', 'GET']);
});

test('returns at once when no gateway listens', async () => {
  const { server, port } = await serve([], []);
  await new Promise((resolve) => server.close(resolve));
  await expect(drainAndWait(port)).resolves.toBeUndefined();
});
