// A process full of clients: SDK connections on behalf of the run that started it, which records what they see.
import { mintToken, readKey } from '@chatplatform/cli';
import { connect, type ChatClient, type Room } from '@chatplatform/client';
import type { HostOptions, HostOrder, HostReport, JoinOrder } from './host-talk.ts';
import { doublingTransport } from './doubling-transport.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as HostOptions;
const key = await readKey(options.access.keyFile);
const clients = new Map<number, ChatClient>();
const rooms = new Map<string, Room>();
/** Reports wait here for the end of the turn: one message between processes carries what one frame brought. */
let waiting: HostReport[] = [];

function report(entry: HostReport): void {
  if (waiting.push(entry) === 1) setImmediate(flush);
}

function flush(): void {
  const batch = waiting;
  waiting = [];
  // Nobody is told any more when the run was cut off.
  process.send?.(batch, undefined, undefined, () => undefined);
}

function token(user: string): Promise<string> {
  const { issuer, audience } = options.access;
  return mintToken(key, { user, issuer, audience, ttlSeconds: options.tokenSeconds });
}

/** The same token until it has ended: a client whose identity provider gives no new one in time. */
function lateToken(user: string): () => Promise<string> {
  let made: { token: string; ends: number } | undefined;
  return async () => {
    const now = performance.now();
    if (made === undefined || now >= made.ends)
      made = { token: await token(user), ends: now + options.tokenSeconds * 1000 };
    return made.token;
  };
}

function open(id: number, user: string): void {
  const client = connect({
    url: options.urls[id % options.urls.length] as string,
    // Every other client gets its new token only when the old one has ended.
    token: options.lateTokens && id % 2 === 1 ? lateToken(user) : () => token(user),
    ...(options.doubled && { transport: doublingTransport() }),
  });
  clients.set(id, client);
  client.on('state', ({ state }) => {
    if (state === 'reconnecting') report({ disconnected: id });
    if (state === 'connected') report({ connected: id });
  });
  client.on('error', (error) => {
    if (!error.retryable) report({ ended: id, reason: String(error) });
  });
}

async function join(...[id, room, name, heard]: JoinOrder): Promise<void> {
  const joined = (clients.get(id) as ChatClient).join(name, { limit: 0, classes: ['msg'] });
  rooms.set(`${id}/${room}`, joined);
  joined.on('message', ({ id: position, cid, data }) =>
    report({ message: [id, room, position, cid, heard === 'all' ? data : null] }),
  );
  joined.on('continuity', ({ reason }) => report({ lost: [id, room, reason] }));
  try {
    await joined.ready;
    report({ joined: [id, room] });
  } catch (error) {
    report({ refused: [id, room, String(error)] });
  }
}

function leave(id: number, room: number): void {
  const key = `${id}/${room}`;
  rooms.get(key)?.leave();
  rooms.delete(key);
}

async function publish(request: number, room: Room, data: unknown): Promise<void> {
  try {
    const { id, cid, dup } = await room.publish(data);
    report({ acked: [request, cid, dup, id ?? null] });
  } catch (error) {
    report({ failed: [request, String(error)] });
  }
}

function obey(order: HostOrder): void {
  if ('open' in order) open(...order.open);
  else if ('join' in order) void join(...order.join);
  else if ('leave' in order) leave(...order.leave);
  else if ('publish' in order) {
    const [request, id, room, data] = order.publish;
    void publish(request, rooms.get(`${id}/${room}`) as Room, data);
  } else clients.get(order.close)?.close();
}

process.on('message', (orders: HostOrder[]) => {
  for (const order of orders) obey(order);
});
// The run is over, however it ended.
process.on('disconnect', () => process.exit());
