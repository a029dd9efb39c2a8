import { NOTICES, OperationSchemas } from '../client-frames.ts';
import { ErrorSchema, PushSchemas, ReplySchemas } from '../gateway-frames.ts';
import { OperationRows } from './operation-rows.ts';
import { PushRows } from './push-rows.ts';
import { schemaOf, schemasOf, type SchemaNode } from './schema.ts';

const CHANNEL = { $ref: '#/channels/socket' };
const messageRef = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });
const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const REQUEST_NUMBER = {
  type: 'integer',
  minimum: 0,
  maximum: 4_294_967_295,
  description: 'Chosen by the client; the reply carries the same.',
};

/** The AsyncAPI 3 document of cp1, from the side of a gateway: it receives operations and sends replies and pushes. */
export function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'ChatPlatform cp1',
      version: '1.0.0',
      description:
        'One WebSocket with the subprotocol cp1.json. A text frame is one or more lines, a line is one JSON object: one of the messages below. The rules between them are in docs/protocol/cp1.md.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      platform: { host: 'chat.example.com', protocol: 'wss', description: 'Any gateway of a platform.' },
    },
    channels: {
      socket: {
        address: '/ws',
        description: 'The one WebSocket of a client.',
        messages: Object.fromEntries(
          Object.keys(messages()).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: { ...requestOperations(), ...pushOperations(), ...pingOperations() },
    components: { messages: messages(), schemas: schemas() },
  };
}

function isNotice(op: string): boolean {
  return (NOTICES as readonly string[]).includes(op);
}

function requestOperations(): Record<string, object> {
  const entries = Object.entries(OperationRows).map(([op, { summary }]) => {
    const reply = { channel: CHANNEL, messages: [messageRef(`reply.${op}`), messageRef('error')] };
    const operation = {
      action: 'receive',
      channel: CHANNEL,
      summary,
      messages: [messageRef(`request.${op}`)],
      ...(!isNotice(op) && { reply }),
    };
    return [op, operation] as const;
  });
  return Object.fromEntries(entries);
}

function pushOperations(): Record<string, object> {
  const entries = Object.entries(PushRows).map(([name, { summary }]) => {
    const messagesOf = [messageRef(`push.${name}`)];
    return [`push.${name}`, { action: 'send', channel: CHANNEL, summary, messages: messagesOf }] as const;
  });
  return Object.fromEntries(entries);
}

function pingOperations(): Record<string, object> {
  const reply = { channel: CHANNEL, messages: [messageRef('ping')] };
  const summary = 'An empty object: ping of the gateway, pong of the client.';
  return { ping: { action: 'send', channel: CHANNEL, summary, messages: [messageRef('ping')], reply } };
}

function messages(): Record<string, object> {
  const requests = Object.keys(OperationSchemas).map((op) => [
    `request.${op}`,
    isNotice(op) ? notice(op, 'operation') : numbered(op, schemaRef(`operation.${op}`)),
  ]);
  const replies = Object.keys(ReplySchemas).map((op) => [
    `reply.${op}`,
    numbered(op, schemaRef(`reply.${op}`)),
  ]);
  const pushes = Object.keys(PushSchemas).map((name) => [`push.${name}`, notice(name, 'push')]);
  return {
    ...(Object.fromEntries([...requests, ...replies, ...pushes]) as Record<string, object>),
    error: numbered('err', schemaRef('error')),
    ping: { summary: 'Ping or pong.', payload: { type: 'object', maxProperties: 0 } },
  };
}

function numbered(name: string, body: object): object {
  return {
    correlationId: { location: '$message.payload#/i' },
    payload: {
      type: 'object',
      required: ['i', name],
      properties: { i: REQUEST_NUMBER, [name]: body },
    },
  };
}

function notice(name: string, kind: 'operation' | 'push'): object {
  return {
    payload: {
      type: 'object',
      required: [name],
      properties: { [name]: schemaRef(`${kind}.${name}`) },
    },
  };
}

function schemas(): Record<string, SchemaNode> {
  const named = (kind: string, table: Record<string, SchemaNode>): Record<string, SchemaNode> =>
    Object.fromEntries(Object.entries(table).map(([name, node]) => [`${kind}.${name}`, node]));
  return {
    ...named('operation', schemasOf(OperationSchemas, 'input')),
    ...named('reply', schemasOf(ReplySchemas, 'output')),
    ...named('push', schemasOf(PushSchemas, 'output')),
    error: schemaOf(ErrorSchema, 'output'),
  };
}
