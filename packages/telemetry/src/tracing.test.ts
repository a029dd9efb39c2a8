import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trace } from '@opentelemetry/api';
import { startTracing } from './index.ts';

test('without an endpoint nothing is traced', async () => {
  const tracing = await startTracing({ serviceName: 'gateway', sampling: 1 });
  expect(tracing.enabled).toBe(false);
  expect(trace.getTracer('t').startSpan('s').isRecording()).toBe(false);
  await tracing.shutdown();
});

test('with an endpoint the last spans leave before the shutdown ends', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString('utf8')));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const tracing = await startTracing({
    serviceName: 'gateway',
    endpoint: `http://127.0.0.1:${port}`,
    sampling: 1,
  });
  trace.getTracer('t').startSpan('gateway.publish').end();
  await tracing.shutdown();
  expect(bodies.join('')).toContain('gateway.publish');
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});
