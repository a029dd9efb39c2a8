import { createHmac } from 'node:crypto';
import { soketi } from './soketi.ts';

test('every subscription is signed for this socket, and it is in when all are answered', () => {
  const client = soketi.speaker({
    user: 'u',
    token: 't',
    key: 'secret',
    rooms: ['bench:a', 'bench:b'],
    port: 1,
  });
  const data = JSON.stringify({ socket_id: '12.34' });
  const { answers = [] } = client.hear(JSON.stringify({ event: 'pusher:connection_established', data }));
  const auth = createHmac('sha256', 'secret').update('12.34:private-bench;a').digest('hex');
  expect(answers).toHaveLength(2);
  expect(JSON.parse(answers[0] as string)).toEqual({
    event: 'pusher:subscribe',
    data: { channel: 'private-bench;a', auth: `bench:${auth}` },
  });
  const succeeded = JSON.stringify({ event: 'pusher_internal:subscription_succeeded', data: '{}' });
  expect(client.hear(succeeded)).toEqual({});
  expect(client.hear(succeeded)).toEqual({ joined: true });
});

test('what is refused is told', () => {
  const client = soketi.speaker({ user: 'u', token: 't', key: 'secret', rooms: [], port: 1 });
  const refusal = '{"event":"pusher:subscription_error","data":{"status":401}}';
  expect(client.hear(refusal)).toEqual({ refused: refusal });
});
