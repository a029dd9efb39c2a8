import { createAdminServer, createMetrics, type AdminServer, type Health } from './index.ts';

let server: AdminServer;
let ready: Health = { ok: true };
const errors: unknown[] = [];

beforeAll(async () => {
  const metrics = createMetrics({ prefix: 'chat', defaults: true });
  metrics.counter('frames_total', 'Frames read.', ['op']).labels('pub').inc(2);
  metrics.histogram('ack_seconds', 'Time to the ack.').observe(0.003);
  server = await createAdminServer({
    port: 0,
    host: '127.0.0.1',
    metrics,
    health: { live: () => ({ ok: true }), ready: () => ready },
    routes: {
      'POST /drain': (request) => ({
        status: 202,
        body: { got: request.body, local: request.loopback, q: request.query.get('q') },
      }),
      'GET /broken': () => {
        throw new Error('heap of trouble');
      },
    },
    onError: (error) => errors.push(error),
  });
});
afterAll(() => server.close());

async function call(method: string, path: string, body?: string) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

test('health answers 200 or 503 and says why', async () => {
  expect(await call('GET', '/healthz')).toEqual({ status: 200, text: '{"ok":true}\n' });
  ready = { ok: false, detail: { reason: 'no keys yet' } };
  expect(await call('GET', '/readyz')).toEqual({
    status: 503,
    text: '{"ok":false,"reason":"no keys yet"}\n',
  });
});

test('metrics are rendered from the own registry, with those of the process', async () => {
  const { text } = await call('GET', '/metrics');
  expect(text).toContain('chat_frames_total{op="pub"} 2');
  expect(text).toContain('chat_ack_seconds_bucket{le="0.005"} 1');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});

test('a route gets parsed JSON; broken JSON and a body too large are refused', async () => {
  const answer = await call('POST', '/drain?q=1', '{"reason":"test"}');
  expect(answer).toEqual({ status: 202, text: '{"got":{"reason":"test"},"local":true,"q":"1"}\n' });
  expect((await call('POST', '/drain', '{')).status).toBe(400);
  expect((await call('POST', '/drain', 'x'.repeat(20_000))).text).toContain('20000 bytes');
});

test('an unknown path lists what there is, a wrong method what the path takes', async () => {
  expect((await call('GET', '/')).text).toContain('POST /drain');
  expect(await call('DELETE', '/drain')).toMatchObject({
    status: 405,
    text: '{"error":"/drain takes POST"}\n',
  });
});

test('a handler that throws answers 500 without the cause, which is reported', async () => {
  const answer = await call('GET', '/broken');
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain('heap of trouble');
  expect(String(errors[0])).toContain('heap of trouble');
});
