import { centrifugo } from './centrifugo.ts';

const speaker = (rooms: readonly string[]) =>
  centrifugo.speaker({ user: 'u', token: 't', key: 'k', rooms, port: 1 });

test('it subscribes when it is connected, and is in when every subscription is answered', () => {
  const client = speaker(['bench:a', 'bench:b']);
  expect(client.opening()).toEqual(['{"id":1,"connect":{"token":"t"}}']);
  const { answers, joined } = client.hear('{"id":1,"connect":{"client":"c"}}');
  expect(answers).toEqual([
    '{"id":2,"subscribe":{"channel":"bench:a"}}\n{"id":3,"subscribe":{"channel":"bench:b"}}',
  ]);
  expect(joined).toBeUndefined();
  expect(client.hear('{"id":2,"subscribe":{}}').joined).toBeUndefined();
  expect(client.hear('{"id":3,"subscribe":{}}').joined).toBe(true);
});

test('answers of publishes are counted, a ping among them is answered, an error is told', () => {
  const client = speaker([]);
  expect(client.hear('{"id":1,"connect":{}}').joined).toBe(true);
  expect(client.publish('bench:a', '~1~2~')).toBe('{"id":2,"publish":{"channel":"bench:a","data":"~1~2~"}}');
  expect(client.hear('{"id":2,"publish":{}}\n{}\n{"id":3,"publish":{}}\n')).toMatchObject({
    acked: 2,
    answers: ['{}'],
  });
  expect(client.hear('{"id":4,"error":{"code":103,"message":"permission denied"}}').refused).toBe(
    '103 permission denied',
  );
});

test('a ping beside deliveries is found, an empty answer is none', () => {
  expect(centrifugo.pingIn(Buffer.from('{"push":{}}\n{}'))).toBe('{}');
  expect(centrifugo.pingIn(Buffer.from('{"push":{}}\n{"id":3,"publish":{}}'))).toBeUndefined();
});
