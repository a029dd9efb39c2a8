import {
  problemOf,
  PROBLEM_TYPE,
  protocolError,
  type ErrorCode,
  type ProtocolError,
} from '@chatplatform/protocol';
import type { HttpAnswer } from '../server/http.ts';

/** A request that is answered with a problem document; thrown by what handles it, never leaves this folder. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly err: ProtocolError;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param how `msg`: what exactly was wrong; `status`: where HTTP has a finer word than the code's usual status */
  constructor(
    err: ErrorCode | ProtocolError,
    how: { msg?: string; status?: number; headers?: Readonly<Record<string, string>> } = {},
  ) {
    const full = typeof err === 'object' ? err : protocolError(err, how.msg);
    super(full.msg);
    this.err = full;
    this.status = how.status;
    this.headers = how.headers ?? {};
  }
}

/** The answer for it. */
export function problemAnswer({
  err,
  status,
  headers,
}: Pick<HttpRefusal, 'err' | 'status' | 'headers'>): HttpAnswer {
  const problem = problemOf(err, status);
  return {
    status: problem.status,
    headers: {
      'Content-Type': PROBLEM_TYPE,
      'Cache-Control': 'no-store',
      ...(problem.status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...(err.after !== undefined && { 'Retry-After': String(Math.max(1, Math.ceil(err.after / 1000))) }),
      ...headers,
    },
    body: JSON.stringify(problem),
  };
}
