import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@chatplatform/runtime';
import { pingRedis, redisWatch } from './watch.ts';

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('the watch over a Redis', () => {
  test('calls it unreachable after three looks in vain, and ready after one answer', async () => {
    const clock = new ManualClock();
    let up = true;
    let told = 0;
    const ping = () => (up ? Promise.resolve() : Promise.reject(new Error('refused')));
    const watch = redisWatch({ ping, clock, onChange: () => (told += 1) });
    watch.aim({ endpoints: ['redis:6379'] });
    await settle();
    expect(watch.observation().state).toBe('Ready');
    up = false;
    await clock.advance(15_000);
    await settle();
    expect(watch.observation().state).toBe('Ready');
    for (const _ of [1, 2]) {
      await clock.advance(3000);
      await settle();
    }
    expect(watch.observation()).toEqual({ state: 'Unreachable', problem: 'refused' });
    up = true;
    await clock.advance(3000);
    await settle();
    expect(watch.observation().state).toBe('Ready');
    expect(told).toBe(3);
    watch.stop();
  });
});

describe('the watch over a Redis that was just made', () => {
  test('takes its time to start for no outage', async () => {
    const clock = new ManualClock();
    const ping = () => Promise.reject(new Error('getaddrinfo ENOTFOUND'));
    const watch = redisWatch({ ping, clock, onChange: () => undefined });
    watch.aim({ endpoints: ['redis:6379'] });
    await settle();
    expect(watch.observation().state).toBe('Connecting');
    for (const _ of [1, 2]) {
      await clock.advance(3000);
      await settle();
    }
    expect(watch.observation()).toEqual({ state: 'Unreachable', problem: 'getaddrinfo ENOTFOUND' });
    watch.stop();
  });
});

describe('a bare ping', () => {
  const answering = async (answer: string): Promise<{ server: Server; endpoint: string }> => {
    const server = createServer((socket) => socket.on('data', () => socket.end(answer)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  };

  test.each(['+PONG\r\n', '-NOAUTH Authentication required.\r\n'])('takes %j for a Redis', async (answer) => {
    const { server, endpoint } = await answering(answer);
    await expect(pingRedis(endpoint, undefined)).resolves.toBeUndefined();
    server.close();
  });

  test('does not take a web server for a Redis', async () => {
    const { server, endpoint } = await answering('HTTP/1.1 400 Bad Request\r\n');
    await expect(pingRedis(endpoint, undefined)).rejects.toThrow(/answered "HTTP/);
    server.close();
  });
});
