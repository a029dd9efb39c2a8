import { jest } from '@jest/globals';
import { connect, type Message } from '@chatplatform/client';
import { Deferred } from '@chatplatform/runtime';
import { startTracing } from '@chatplatform/telemetry';
import { startTwinPlatform, type TwinPlatform } from '../harness/twin-platform.ts';
import { type CollectedSpan, startCollector } from './collector.ts';

/** A whole platform on a machine that may be busy with other tests. */
jest.setTimeout(60_000);

const SENDERS_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SENDERS = `00-${SENDERS_TRACE}-00f067aa0ba902b7-01`;

/** One message from ann's socket to bob's, on a platform that traces that share of them. */
async function oneMessage(sampling: number, traceparent?: string) {
  const collector = await startCollector();
  const { endpoint } = collector;
  const gateway = await startTracing({ serviceName: 'chat-gateway', endpoint, sampling });
  const worker = await startTracing({ serviceName: 'chat-worker', endpoint, sampling });
  const platform = await startTwinPlatform([], { gateway: gateway.tracer, worker: worker.tracer });
  const message = await deliver(platform, traceparent);
  // The frame is with the sockets, and the batch with its commit, before programs end.
  await platform.close();
  await Promise.all([gateway.shutdown(), worker.shutdown()]);
  await collector.close();
  return { message, spans: collector.spans };
}

async function deliver(platform: TwinPlatform, traceparent?: string): Promise<Message> {
  const client = async (user: string) => connect({ url: platform.url, token: await platform.token(user) });
  const [ann, bob] = [await client('ann'), await client('bob')];
  const arrived = new Deferred<Message>();
  const [from, to] = [ann.join('lobby'), bob.join('lobby')];
  to.on('message', (message) => arrived.resolve(message));
  await Promise.all([from.ready, to.ready]);
  await from.publish('hello', traceparent === undefined ? {} : { traceparent });
  const message = await arrived.promise;
  for (const each of [ann, bob]) each.close();
  return message;
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found).toHaveLength(1);
  return found[0] as CollectedSpan;
}

test("one trace leads from the sender's gateway through the worker to the receiver's gateway", async () => {
  const { message, spans } = await oneMessage(1);
  const publish = named(spans, 'gateway.publish');
  const append = named(spans, 'worker.append');
  const deliver = named(spans, 'gateway.deliver');
  expect(message.traceparent).toBe(`00-${publish.traceId}-${publish.spanId}-01`);
  for (const span of [append, deliver]) {
    expect(span).toMatchObject({ traceId: publish.traceId, parentSpanId: publish.spanId });
  }
  expect([publish, append, deliver].map(({ service }) => service)).toEqual([
    'chat-gateway',
    'chat-worker',
    'chat-gateway',
  ]);
  expect(publish.attributes).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'chat.twin.messages',
    'messaging.message.id': message.id,
  });
  expect(append.attributes).toMatchObject({
    'messaging.operation.type': 'process',
    'messaging.kafka.offset': 0,
    'messaging.message.id': message.id,
  });
  expect(deliver.attributes).toMatchObject({ 'messaging.message.id': message.id, 'chatplatform.sockets': 2 });
});

test("a sender's trace is continued whatever the share, and its traceparent arrives as it was sent", async () => {
  const { message, spans } = await oneMessage(0, SENDERS);
  expect(message.traceparent).toBe(SENDERS);
  expect(spans.map(({ name }) => name).sort()).toEqual([
    'gateway.deliver',
    'gateway.publish',
    'worker.append',
  ]);
  for (const { traceId, parentSpanId } of spans) {
    expect({ traceId, parentSpanId }).toEqual({
      traceId: SENDERS_TRACE,
      parentSpanId: SENDERS.slice(36, 52),
    });
  }
});

test('what is not drawn is recorded nowhere and carries nothing', async () => {
  const { message, spans } = await oneMessage(0);
  expect(message).not.toHaveProperty('traceparent');
  expect(spans).toEqual([]);
});
