import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTracing } from './index.ts';

const SENDERS = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** A collector that keeps what it is sent. */
async function collector(): Promise<{ endpoint: string; spans(): unknown[]; close(): Promise<void> }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () =>
      bodies
        .map((body) => JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] })
        .flatMap(({ resourceSpans }) =>
          resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
        ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const start = { kind: 'producer', attributes: { 'messaging.system': 'kafka' } } as const;

test('without an endpoint nothing is traced', async () => {
  const { tracer, shutdown } = await startTracing({ serviceName: 'gateway', sampling: 1 });
  expect(tracer.on).toBe(false);
  expect(tracer.begin('s', start)).toBeUndefined();
  await shutdown();
});

test('the last spans leave before the shutdown ends, with what they follow from', async () => {
  const { endpoint, spans, close } = await collector();
  const { tracer, shutdown } = await startTracing({ serviceName: 'gateway', endpoint, sampling: 1 });
  const first = tracer.begin('gateway.publish', { ...start, parent: SENDERS });
  const next = tracer.begin('worker.append', { ...start, parent: first?.traceparent, kind: 'consumer' });
  next?.end({ failure: 'timeout' });
  first?.end({ attributes: { 'messaging.kafka.offset': 7 } });
  await shutdown();
  const [traceId, spanId] = [SENDERS.slice(3, 35), SENDERS.slice(36, 52)];
  const offset = { key: 'messaging.kafka.offset', value: { intValue: 7 } };
  expect(spans()).toEqual([
    expect.objectContaining({
      name: 'worker.append',
      kind: 5,
      traceId,
      parentSpanId: first?.traceparent.slice(36, 52),
      status: { code: 2 },
    }),
    expect.objectContaining({
      name: 'gateway.publish',
      kind: 4,
      traceId,
      parentSpanId: spanId,
      attributes: expect.arrayContaining([offset]),
    }),
  ]);
  await close();
});

test('a new trace is drawn by its share, a given one keeps its decision', async () => {
  const { endpoint, close } = await collector();
  const { tracer, shutdown } = await startTracing({ serviceName: 'gateway', endpoint, sampling: 0 });
  expect(tracer.begin('gateway.publish', start)).toBeUndefined();
  expect(tracer.begin('gateway.publish', { ...start, parent: SENDERS })).toBeDefined();
  expect(tracer.begin('gateway.publish', { ...start, parent: SENDERS.replace(/01$/, '00') })).toBeUndefined();
  expect(tracer.begin('gateway.publish', { ...start, parent: 'nonsense' })).toBeUndefined();
  await shutdown();
  await close();
});
