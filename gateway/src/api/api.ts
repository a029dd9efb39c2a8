import { protocolError, readInput, type HttpOperation } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { Identity } from '../auth/identity.ts';
import { authErrorOf, refusalOf } from '../auth/refusal.ts';
import type { AddressRates } from '../server/address-rates.ts';
import type { HttpAnswer, HttpHead, HttpRequest, HttpService } from '../server/http.ts';
import { Refused } from '../session/refused.ts';
import type { TokenBuckets } from '../session/token-bucket.ts';
import type { ApiHandlers, Call, Done } from './call.ts';
import type { CrossOrigin } from './cross-origin.ts';
import { HttpRefusal, problemAnswer } from './http-refusal.ts';
import { routeOf, type Route } from './routes.ts';

/** What the API needs. */
export interface ApiOptions {
  clock: Clock;
  logger: Logger;
  metrics: GatewayMetrics;
  handlers: ApiHandlers;
  /** Whose token it is; rejects with `AuthError`. */
  verify: (token: string) => Promise<Identity>;
  crossOrigin: CrossOrigin;
  /** Requests of one user. */
  users: TokenBuckets;
  /** Failed attempts to authenticate, by address. */
  addresses: AddressRates;
  maxBodyBytes: () => number;
  /** The gateway ends: what is under way is answered, nothing new is begun. */
  isEnding: () => boolean;
}

/** Requests under way at once: each may hold a body and a place in the log's queue. */
const MAX_UNDER_WAY = 1000;
const OVERLOADED_AFTER_MS = 1000;
/** Another gateway is there, as a rule. */
const ENDING_AFTER_MS = 1000;
/** An address that only fails to authenticate waits this long. */
const STRANGER_AFTER_MS = 1000;

/** The HTTP API: routes, tokens, rates, forms; what is left to do is done by the handlers. */
export class Api implements HttpService {
  readonly #options: ApiOptions;
  #underWay = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  maxBodyBytes(): number {
    return this.#options.maxBodyBytes();
  }

  /** Resolves when nothing is under way: at the latest at the log's deadline, once the gateway is ending. */
  idle(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  refuse(head: HttpHead, tooLarge: boolean): HttpAnswer | undefined {
    if (this.#options.isEnding())
      return this.#problem(head, new HttpRefusal(protocolError(115, undefined, ENDING_AFTER_MS)));
    if (tooLarge) return this.#problem(head, new HttpRefusal(116, { msg: this.#tooLarge() }));
    if (this.#underWay < MAX_UNDER_WAY) return undefined;
    const busy = protocolError(114, 'too many requests are under way here', OVERLOADED_AFTER_MS);
    return this.#problem(head, new HttpRefusal(busy));
  }

  async handle(request: HttpRequest): Promise<HttpAnswer> {
    const begin = this.#options.clock.monotonic();
    const route = routeOf(request.method, request.path);
    this.#underWay += 1;
    const answer = await this.#answer(request, route);
    this.#underWay -= 1;
    if (this.#underWay === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    const operation = route.kind === 'found' ? route.name : 'none';
    this.#options.metrics.apiRequests.inc({ operation, status: String(answer.status) });
    this.#options.metrics.apiSeconds.observe((this.#options.clock.monotonic() - begin) / 1000);
    return answer;
  }

  async #answer(request: HttpRequest, route: Route): Promise<HttpAnswer> {
    try {
      const { crossOrigin } = this.#options;
      if (crossOrigin.isRefused(request))
        throw new HttpRefusal(103, { msg: 'this origin is not allowed; see spec.gateway.allowedOrigins' });
      if (crossOrigin.isPreflight(request)) return this.#preflight(request, route);
      return this.#done(request, await this.#run(request, route));
    } catch (error) {
      return this.#problem(request, this.#refusalOf(error));
    }
  }

  async #run(request: HttpRequest, route: Route): Promise<Done> {
    if (route.kind === 'unknown')
      throw new HttpRefusal(104, { msg: 'there is nothing at this path; the WebSocket is at /ws' });
    if (route.kind === 'method') {
      const msg = `use ${route.allowed.join(' or ')} here`;
      throw new HttpRefusal(104, { msg, status: 405, headers: { Allow: route.allowed.join(', ') } });
    }
    const identity = await this.#authenticate(request);
    this.#demandRate(identity.user);
    const call = callOf(request, route.operation, route.parameters);
    const handler = this.#options.handlers[route.name] as (call: unknown) => Promise<Done>;
    return handler({ ...call, identity });
  }

  async #authenticate({ headers, remoteAddress }: HttpHead): Promise<Identity> {
    const { addresses, verify } = this.#options;
    if (addresses.isExhausted(remoteAddress)) {
      const msg = 'too many attempts from this address failed';
      throw new HttpRefusal(protocolError(111, msg, STRANGER_AFTER_MS));
    }
    const token = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    try {
      if (token !== undefined) return await verify(token);
    } catch (error) {
      const known = authErrorOf(error);
      // That the keys are not known is nobody's fault.
      if (!known.retryable) addresses.take(remoteAddress);
      throw new HttpRefusal(refusalOf(known));
    }
    addresses.take(remoteAddress);
    throw new HttpRefusal(101, { msg: 'send Authorization: Bearer <token>' });
  }

  #demandRate(user: string): void {
    const bucket = this.#options.users.of(user);
    if (bucket.take()) return;
    const after = bucket.waitMs();
    throw new HttpRefusal(
      protocolError(111, `more than the allowed requests per second; wait ${after} ms`, after),
    );
  }

  #preflight(request: HttpHead, route: Route): HttpAnswer {
    const { crossOrigin } = this.#options;
    const wanted = request.headers.get('access-control-request-method') ?? '';
    const found = routeOf(wanted, request.path);
    const allowed = found.kind === 'found' ? [wanted] : route.kind === 'method' ? route.allowed : [];
    const headers = { ...crossOrigin.headers(request), ...crossOrigin.preflightHeaders(allowed) };
    return { status: 204, headers, body: '' };
  }

  #done(request: HttpHead, { status, json }: Done): HttpAnswer {
    const type: Record<string, string> = json === undefined ? {} : { 'Content-Type': 'application/json' };
    const headers = { ...type, 'Cache-Control': 'no-store', ...this.#options.crossOrigin.headers(request) };
    return { status, headers, body: json ?? '' };
  }

  #problem(request: HttpHead, refusal: HttpRefusal): HttpAnswer {
    const answer = problemAnswer(refusal);
    return { ...answer, headers: { ...answer.headers, ...this.#options.crossOrigin.headers(request) } };
  }

  #refusalOf(error: unknown): HttpRefusal {
    if (error instanceof HttpRefusal) return error;
    if (error instanceof Refused) return new HttpRefusal(error.err);
    this.#options.logger.error({ err: error }, 'a request to the HTTP API failed inside');
    return new HttpRefusal(100);
  }

  #tooLarge(): string {
    return `the body is longer than ${this.maxBodyBytes()} bytes`;
  }
}

/** Reads every part of a request by the schemas of its operation; throws what is wrong first. */
function callOf(
  request: HttpRequest,
  operation: HttpOperation,
  parameters: Record<string, string>,
): Omit<Call<never>, 'identity'> {
  const query = Object.fromEntries(request.query);
  const call = {
    parameters: read(operation.parameters, 'path', parameters),
    query: operation.query && read(operation.query, 'query', query),
    headers: request.headers,
    body: operation.body && read(operation.body, 'body', jsonOf(request)),
  };
  for (const [name, { schema }] of Object.entries(operation.headers ?? {})) {
    const value = request.headers.get(name.toLowerCase());
    if (value !== undefined) read(schema, name, value);
  }
  return call as Omit<Call<never>, 'identity'>;
}

function read(schema: NonNullable<HttpOperation['body']>, name: string, value: unknown): unknown {
  const result = readInput(schema, name, value);
  if (result.ok) return result.value;
  throw new HttpRefusal(result.err);
}

function jsonOf({ headers, body }: HttpRequest): unknown {
  const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new HttpRefusal(107, { status: 415, msg: 'send Content-Type: application/json' });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new HttpRefusal(107, { msg: 'body: must be JSON in UTF-8' });
  }
}
