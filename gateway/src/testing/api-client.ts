import {
  COMMON_PROBLEMS,
  HttpApi,
  ProblemSchema,
  PROBLEM_TYPE,
  type HttpOperation,
  type HttpOperationName,
} from '@chatplatform/protocol';
import type { RunningGateway } from '../running-gateway.ts';

/** An answer of the HTTP API that matches its document. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** What a request carries besides its path. */
export interface ApiRequest {
  token?: string;
  json?: unknown;
  /** Instead of `json`: exactly this text. */
  text?: string;
  headers?: Record<string, string>;
}

/** Address of the HTTP API of a gateway. */
export function apiUrl(gateway: RunningGateway, path: string): string {
  return `${gateway.url.replace(/^ws/, 'http').replace(/\/ws$/, '')}/api/v1${path}`;
}

/** Calls `operation` at `path` and fails when the answer is none that the document knows. */
export async function callApi(
  gateway: RunningGateway,
  operation: HttpOperationName,
  path: string,
  { token, json, text, headers = {} }: ApiRequest = {},
): Promise<ApiAnswer> {
  const known: HttpOperation = HttpApi[operation];
  const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(apiUrl(gateway, path), {
    method: known.method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  const answer = { status: response.status, headers: response.headers, body: await bodyOf(response) };
  demandDocumented(known, answer);
  return answer;
}

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function demandDocumented(operation: HttpOperation, { status, headers, body }: ApiAnswer): void {
  const answer = operation.answers[status];
  const type = headers.get('content-type');
  if (answer !== undefined) {
    if (answer.schema === undefined) {
      if (Object.keys(body).length > 0) throw new Error(`status ${status} has no body in the document`);
      return;
    }
    if (type !== 'application/json') throw new Error(`status ${status} came as ${type}`);
    answer.schema.parse(body);
    return;
  }
  const problems: readonly number[] = [...COMMON_PROBLEMS, ...operation.problems];
  if (!problems.includes(status)) throw new Error(`status ${status} is not in the document`);
  if (type !== PROBLEM_TYPE) throw new Error(`problem ${status} came as ${type}`);
  const problem = ProblemSchema.strict().parse(body);
  if (problem.status !== status) throw new Error(`status ${status} came with a problem of ${problem.status}`);
}
