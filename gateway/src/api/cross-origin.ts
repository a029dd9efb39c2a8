import type { HttpHead } from '../server/http.ts';

const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, traceparent';
/** Seconds a browser may remember a preflight: a changed allow-list is in force after that. */
const PREFLIGHT_SECONDS = '600';

/**
 * Which pages of browsers may read answers (CORS). The same list as for sockets; without one every page may, which
 * gives nothing away: there are no cookies, and a page has to know a token. A request without `Origin` is no browser's.
 */
export class CrossOrigin {
  readonly #origins: readonly string[] | undefined;

  constructor(origins: readonly string[] | undefined) {
    this.#origins = origins;
  }

  isRefused({ headers }: HttpHead): boolean {
    const origin = headers.get('origin');
    return origin !== undefined && this.#origins !== undefined && !this.#origins.includes(origin);
  }

  isPreflight({ method, headers }: HttpHead): boolean {
    return method === 'OPTIONS' && headers.has('access-control-request-method');
  }

  /** Headers of every answer to a page that may read it. */
  headers(head: HttpHead): Record<string, string> {
    const origin = head.headers.get('origin');
    if (origin === undefined || this.isRefused(head)) return {};
    if (this.#origins === undefined)
      return { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After' };
    return {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'Retry-After',
      Vary: 'Origin',
    };
  }

  /** Further headers of the answer to a preflight. */
  preflightHeaders(allowed: readonly string[]): Record<string, string> {
    return {
      'Access-Control-Allow-Methods': allowed.join(', '),
      'Access-Control-Allow-Headers': ALLOWED_HEADERS,
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    };
  }
}
