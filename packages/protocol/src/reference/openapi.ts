import type { z } from 'zod';
import {
  COMMON_PROBLEMS,
  HTTP_API_PREFIX,
  HttpApi,
  PROBLEM_TYPE,
  ProblemSchema,
  type HttpAnswerSchema,
  type HttpOperation,
} from '../http-api.ts';
import { schemaOf } from './schema.ts';

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'A parameter, header or field does not have its form; `detail` names it.',
  401: 'The token is missing, not valid, expired or revoked.',
  403: 'The token does not grant the right, or the origin is not allowed.',
  404: 'There is nothing of this kind.',
  409: 'A request with the same Idempotency-Key is being worked on, or the room takes no messages.',
  410: 'The position belongs to another log.',
  413: 'The body is larger than the platform accepts.',
  415: 'The body is not application/json.',
  422: 'The Idempotency-Key was used for another message.',
  429: 'Too many requests; wait `Retry-After` seconds.',
  500: 'A fault of the platform.',
  503: 'It cannot be done now; wait `Retry-After` seconds.',
};

/** The OpenAPI 3.1 document of the HTTP API. */
export function openApi(): object {
  const operations = Object.entries<HttpOperation>(HttpApi);
  const paths: Record<string, Record<string, object>> = {};
  for (const [operationId, operation] of operations) {
    const path = (paths[HTTP_API_PREFIX + operation.path] ??= {});
    path[operation.method.toLowerCase()] = operationOf(operationId, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ChatPlatform HTTP API',
      version: '1',
      description:
        'For backends that reach people without holding a socket: on the port of the clients, with the same tokens and rights. Error codes are those of cp1 (cp1.md).',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: schemaOf(ProblemSchema, 'output') },
    },
  };
}

function operationOf(operationId: string, operation: HttpOperation): object {
  const { summary, description, body } = operation;
  return {
    operationId,
    summary,
    description,
    parameters: [
      ...parametersOf('path', operation.parameters),
      ...(operation.query === undefined ? [] : parametersOf('query', operation.query)),
      ...headersOf(operation),
    ],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, answer]) => [status, answerOf(answer)]),
      ),
      ...Object.fromEntries(
        [...COMMON_PROBLEMS, ...operation.problems].map((status) => [status, problemAnswer(status)]),
      ),
    },
  };
}

function parametersOf(where: 'path' | 'query', schema: z.ZodObject): object[] {
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: where,
    required: where === 'path',
    schema: schemaOf(field as z.ZodType, 'output'),
  }));
}

function headersOf({ headers = {} }: HttpOperation): object[] {
  return Object.entries(headers).map(([name, { description, schema }]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: schemaOf(schema, 'output'),
  }));
}

function answerOf({ description, schema }: HttpAnswerSchema): object {
  if (schema === undefined) return { description };
  return { description, content: { 'application/json': { schema: schemaOf(schema, 'output') } } };
}

function problemAnswer(status: number): object {
  const retry = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } };
  return {
    description: MEANINGS[status] ?? '',
    ...((status === 429 || status === 503) && { headers: retry }),
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
