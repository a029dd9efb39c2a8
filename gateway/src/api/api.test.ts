import { jest } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { RunningGateway } from '../running-gateway.ts';
import { apiUrl, callApi } from '../testing/api-client.ts';
import { Bench, twins } from '../testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

const stores = twins();
let bench: Bench;
let gateway: RunningGateway;
let ann: string;

beforeAll(async () => {
  bench = await Bench.open(stores);
  gateway = await bench.gateway();
  ann = await bench.token('ann');
});
afterAll(() => bench.close());

describe('publishing', () => {
  test('reaches members, and the answer names the message as they see it', async () => {
    const bob = await bench.client(gateway, 'bob', { rooms: { 'team:api': {} } });
    const { status, body } = await callApi(gateway, 'postMessage', '/rooms/team:api/messages', {
      token: ann,
      json: { data: { text: 'hi' } },
    });
    expect([status, body['dup']]).toEqual([201, false]);
    await bob.raw.when(() => bob.raw.messages('team:api').length === 1);
    expect(bob.raw.messages('team:api')[0]).toMatchObject({
      id: body['id'],
      cid: body['cid'],
      t: body['ts'],
      u: 'ann',
      d: { text: 'hi' },
    });
  });

  test('many at once are all published, each once, in the order of their numbers', async () => {
    const room = 'team:many';
    const posts = Array.from({ length: 30 }, (_, n) =>
      callApi(gateway, 'postMessage', `/rooms/${room}/messages`, { token: ann, json: { data: n } }),
    );
    const ids = (await Promise.all(posts)).map(({ body }) => body['id']);
    expect(new Set(ids).size).toBe(30);
    const reader = await bench.client(gateway, 'reader', { rooms: { [room]: { limit: 200 } } });
    await reader.raw.when(() => seenIn(reader, room).length === 30);
    expect(new Set(seenIn(reader, room))).toEqual(new Set(ids));
  });

  test.each([
    ['a body that is no JSON', { text: '{"data":' }, 400, 107],
    ['a body without data', { json: { text: 'x' } }, 400, 107],
    ['another media type', { json: { data: 1 }, headers: { 'content-type': 'text/plain' } }, 415, 107],
    ['data that nests too deep', { text: `{"data":${'['.repeat(40)}${']'.repeat(40)}}` }, 400, 107],
    ['too much data', { json: { data: 'x'.repeat(70_000) } }, 413, 116],
    ['a key that is none', { json: { data: 1 }, headers: { 'idempotency-key': 'a b' } }, 400, 107],
  ])('refuses %s', async (_what, request, status, code) => {
    const answer = await callApi(gateway, 'postMessage', '/rooms/a/messages', { token: ann, ...request });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  test('names the field that is wrong', async () => {
    const wrong = await callApi(gateway, 'postMessage', '/rooms/a/messages', {
      token: ann,
      json: { data: 1, notify: ['no such user!'] },
    });
    expect(wrong.body['detail']).toMatch(/^body\.notify\.0: must be a user id/);
    const room = await callApi(gateway, 'postMessage', '/rooms/%7Bx%7D/messages', {
      token: ann,
      json: { data: 1 },
    });
    expect(room.body).toMatchObject({ status: 400, detail: 'path.room: must be a room name' });
  });

  test('a room in the path may be percent-encoded, and a personal room is one', async () => {
    const bob = await bench.client(gateway, 'bob');
    const { status } = await callApi(gateway, 'postMessage', '/rooms/%40bob/messages', {
      token: ann,
      json: { data: 'psst' },
    });
    expect(status).toBe(201);
    await bob.raw.when(() => bob.raw.messages('@bob').length > 0);
  });
});

function seenIn(client: Awaited<ReturnType<Bench['client']>>, room: string): string[] {
  const rooms = client.hello['rooms'] as Record<string, { msgs?: { id: string }[] }>;
  const before = rooms[room]?.msgs ?? [];
  return [...before, ...client.raw.messages(room)].map(({ id }) => id);
}

describe('an idempotency key', () => {
  const post = (where: RunningGateway, key: string, data: unknown, room = 'team:keyed') =>
    callApi(where, 'postMessage', `/rooms/${room}/messages`, {
      token: ann,
      json: { data },
      headers: { 'idempotency-key': key },
    });

  test('makes a repeated request the same message, also at another gateway', async () => {
    const other = await bench.gateway();
    const first = await post(gateway, 'order-17', 'paid');
    const again = await post(other, 'order-17', 'paid');
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual({ ...first.body, dup: true });
  });

  test('belongs to a user', async () => {
    const bob = await bench.token('bob');
    const first = await post(gateway, 'mine', 1);
    const other = await callApi(gateway, 'postMessage', '/rooms/team:keyed/messages', {
      token: bob,
      json: { data: 1 },
      headers: { 'idempotency-key': 'mine' },
    });
    expect(other.status).toBe(201);
    expect(other.body['cid']).not.toBe(first.body['cid']);
  });

  test('used for another message is refused', async () => {
    await post(gateway, 'order-18', 'paid');
    const changed = await post(gateway, 'order-18', 'cancelled');
    expect(changed).toMatchObject({ status: 422, body: { code: 107, retry: false } });
    expect((await post(gateway, 'order-18', 'paid', 'team:elsewhere')).status).toBe(422);
  });

  test('while Redis has lost everything the log still tells: one message is delivered', async () => {
    const room = 'team:lost';
    const bob = await bench.client(gateway, 'bob', { rooms: { [room]: {} } });
    const first = await post(gateway, 'order-19', 'paid', room);
    await bob.raw.when(() => bob.raw.messages(room).length === 1);
    stores.memory.down();
    const blind = await post(gateway, 'order-19', 'paid', room);
    stores.memory.up();
    expect(blind.body['cid']).toBe(first.body['cid']);
    // Nobody can vouch for the id of what may be a second record.
    expect(blind.body['id']).toBeUndefined();
    await post(gateway, 'order-20', 'end', room);
    await bob.raw.when(() => bob.raw.messages(room).some(({ d }) => d === 'end'));
    expect(bob.raw.messages(room).map(({ d }) => d)).toEqual(['paid', 'end']);
  });

  test('of which Redis never heard is answered with the id that members see, not with that of its own record', async () => {
    const room = 'team:unheard';
    const bob = await bench.client(gateway, 'bob', { rooms: { [room]: {} } });
    stores.memory.down();
    const blind = await post(gateway, 'order-22', 'paid', room);
    stores.memory.up();
    const again = await post(gateway, 'order-22', 'paid', room);
    const once = await post(gateway, 'order-22', 'paid', room);
    await bob.raw.when(() => bob.raw.messages(room).length === 1);
    const [seen] = bob.raw.messages(room);
    expect(blind.body['id']).toBeUndefined();
    expect([again.body['id'] ?? seen?.id, once.body['id']]).toEqual([seen?.id, seen?.id]);
  });

  test('two requests at the same time: one publishes, the other is told to wait or gets its answer', async () => {
    const both = await Promise.all([post(gateway, 'order-21', 1), post(gateway, 'order-21', 1)]);
    const statuses = both.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect([200, 409]).toContain(statuses.find((status) => status !== 201));
    expect((await post(gateway, 'order-21', 1)).status).toBe(200);
  });
});

describe('reading', () => {
  test('pages a history backwards', async () => {
    const room = 'team:pages';
    for (let n = 1; n <= 5; n += 1)
      await callApi(gateway, 'postMessage', `/rooms/${room}/messages`, { token: ann, json: { data: n } });
    const reader = await bench.client(gateway, 'reader', { rooms: { [room]: { limit: 200 } } });
    await reader.raw.when(() => seenIn(reader, room).length === 5);
    const newest = await callApi(gateway, 'getMessages', `/rooms/${room}/messages?max=2`, { token: ann });
    expect(dataOf(newest.body)).toEqual([4, 5]);
    expect(newest.body['more']).toBe(true);
    const [first] = newest.body['msgs'] as { id: string }[];
    const older = await callApi(gateway, 'getMessages', `/rooms/${room}/messages?before=${first?.id}`, {
      token: ann,
    });
    expect(dataOf(older.body)).toEqual([1, 2, 3]);
    expect(older.body['more']).toBe(false);
  });

  test.each([
    ['max=0', 400, 107],
    ['max=many', 400, 107],
    ['before=nonsense', 400, 107],
    [`before=${'z'.repeat(6)}${'0'.repeat(14)}`, 410, 112],
  ])('a history with %s', async (query, status, code) => {
    const answer = await callApi(gateway, 'getMessages', `/rooms/team:pages/messages?${query}`, {
      token: ann,
    });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  test('tells who is in a room, page by page', async () => {
    for (const user of ['u1', 'u2', 'u3']) await bench.client(gateway, user, { rooms: { 'team:who': {} } });
    const first = await callApi(gateway, 'getPresence', '/rooms/team:who/presence?max=2', { token: ann });
    expect(first.body).toMatchObject({ occ: 3, users: [{ u: 'u1' }, { u: 'u2' }] });
    const next = await callApi(
      gateway,
      'getPresence',
      `/rooms/team:who/presence?after=${String(first.body['next'])}`,
      { token: ann },
    );
    expect(next.body).toMatchObject({ users: [{ u: 'u3' }] });
    expect(next.body['next']).toBeUndefined();
  });

  test('says so while Redis is away', async () => {
    stores.memory.down();
    const answer = await callApi(gateway, 'getPresence', '/rooms/a/presence', { token: ann });
    stores.memory.up();
    expect(answer).toMatchObject({ status: 503, body: { code: 114, retry: true } });
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});

function dataOf(body: Record<string, unknown>): unknown[] {
  return (body['msgs'] as { d: unknown }[]).map(({ d }) => d);
}

describe('whoever asks', () => {
  test('needs a token that is valid', async () => {
    const none = await callApi(gateway, 'getPresence', '/rooms/a/presence');
    expect(none).toMatchObject({ status: 401, body: { code: 101 } });
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    const bad = await callApi(gateway, 'getPresence', '/rooms/a/presence', { token: `${ann}x` });
    expect(bad).toMatchObject({ status: 401, body: { code: 101 } });
    const old = await bench.token('ann', { expiresInSeconds: -60 });
    const ended = await callApi(gateway, 'getPresence', '/rooms/a/presence', { token: old });
    expect(ended).toMatchObject({ status: 401, body: { code: 109 } });
  });

  test.each([
    ['postMessage', '/rooms/team:a/messages', { json: { data: 1 } }],
    ['getMessages', '/rooms/team:a/messages', {}],
    ['getPresence', '/rooms/team:a/presence', {}],
    ['disconnectUser', '/users/bob/disconnect', {}],
    ['revokeTokens', '/tokens/revoke', { json: { sub: 'bob' } }],
    ['revokeTokens', '/tokens/revoke', { json: { jti: 'x' } }],
  ] as const)('needs the right for %s %s', async (operation, path, request) => {
    const caps = { 'other:*': ['admin'], '@ann': ['admin'], '**': ['join'] } as const;
    const token = await bench.token('ann', { caps: caps as never });
    const answer = await callApi(gateway, operation, path, { token, ...request });
    expect(answer).toMatchObject({ status: 403, body: { code: 103 } });
  });

  test('publishes at the rate of its user, an administrator of the room at that of the room', async () => {
    const strict = await bench.gateway({
      live: { limits: { publishesPerSecondPerUser: 1, publishBurstPerUser: 1 } },
    });
    const post = (token: string) =>
      callApi(strict, 'postMessage', '/rooms/team:rate/messages', { token, json: { data: 1 } });
    expect([(await post(ann)).status, (await post(ann)).status]).toEqual([201, 429]);
    const admin = await bench.token('ann', { caps: { 'team:*': ['admin'] } });
    expect([(await post(admin)).status, (await post(admin)).status]).toEqual([201, 201]);
  });
});

describe('paths and methods', () => {
  const ask = async (path: string, method: string): Promise<[number, string | null]> => {
    const response = await fetch(apiUrl(gateway, path), {
      method,
      headers: { authorization: `Bearer ${ann}` },
    });
    await response.text();
    return [response.status, response.headers.get('allow')];
  };

  test.each([
    ['/rooms/a/messages', 'DELETE', 405, 'POST, GET'],
    ['/tokens/revoke', 'GET', 405, 'POST'],
    ['/rooms/a', 'GET', 404, null],
    ['/rooms/a/b/messages', 'GET', 404, null],
    ['', 'GET', 404, null],
  ])('%s %s', async (path, method, status, allow) => {
    expect(await ask(path, method)).toEqual([status, allow]);
  });

  test('HEAD and a socket path without an upgrade are answered, and the connection lives on', async () => {
    const [host, port] = new URL(apiUrl(gateway, '')).host.split(':');
    const socket = connect(Number(port), host);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'connect');
    socket.write('HEAD /api/v1/x HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 405|^HTTP\/1\.1 404/);
    expect(text.split('\r\n\r\n')[1]).toBe('');
    text = '';
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 404 Not Found/);
    socket.destroy();
  });

  test('a client that goes away in the middle of its body harms nobody', async () => {
    const [host, port] = new URL(apiUrl(gateway, '')).host.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    socket.write(
      `POST /api/v1/rooms/a/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ann}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"data":`,
    );
    socket.destroy();
    await once(socket, 'close');
    expect((await callApi(gateway, 'getPresence', '/rooms/a/presence', { token: ann })).status).toBe(200);
  });

  test('a body without an announced length is cut at the limit too', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(16_384));
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1;
        if (sent > 10) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await fetch(apiUrl(gateway, '/rooms/a/messages'), {
      method: 'POST',
      headers: { authorization: `Bearer ${ann}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    }).catch(() => undefined);
    // The rest of the body is not read: the client sees the answer or the end of the connection.
    expect([413, undefined]).toContain(response?.status);
    expect((await callApi(gateway, 'getPresence', '/rooms/a/presence', { token: ann })).status).toBe(200);
  });
});

test('a gateway that ends answers what is under way, and begins nothing new', async () => {
  const ending = await bench.gateway();
  const post = () =>
    callApi(ending, 'postMessage', '/rooms/team:end/messages', { token: ann, json: { data: 'last' } });
  stores.faults.outage = true;
  const underWay = post();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const end = ending.close();
  stores.faults.outage = false;
  expect((await underWay).status).toBe(201);
  await end;
  await expect(post()).rejects.toThrow();
});

describe('pages of other origins', () => {
  const preflight = (where: RunningGateway, origin: string) =>
    fetch(apiUrl(where, '/rooms/a/messages'), {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  test('may read answers where no list is given', async () => {
    const response = await preflight(gateway, 'https://any.example');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toBe('POST');
    expect(response.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
  });

  test('must be on the list where there is one', async () => {
    const listed = await bench.gateway({ origins: ['https://chat.example'] });
    const good = await preflight(listed, 'https://chat.example');
    expect(good.headers.get('access-control-allow-origin')).toBe('https://chat.example');
    expect(good.headers.get('vary')).toBe('Origin');
    const evil = await preflight(listed, 'https://evil.example');
    expect([evil.status, evil.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    const refused = await callApi(listed, 'getPresence', '/rooms/a/presence', {
      token: ann,
      headers: { origin: 'https://evil.example' },
    });
    expect(refused).toMatchObject({ status: 403, body: { code: 103 } });
    const backend = await callApi(listed, 'getPresence', '/rooms/a/presence', { token: ann });
    expect(backend.status).toBe(200);
  });
});
