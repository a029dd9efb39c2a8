import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { AdminHandler, AdminReply, AdminRequest } from '@chatplatform/telemetry';
import type { Drain } from './drain.ts';

const OrderSchema = z
  .object({
    reason: z.string().min(1).max(64).default('preStop'),
    /** Reconnects per second of the whole platform. */
    budget: z.number().positive().optional(),
    /** Deadline from now; the configured one when absent. */
    timeoutSeconds: z.number().positive().optional(),
  })
  .prefault({});

/** The reason of a drain that leaves this gateway ready: the operator takes it out of the Service by its label. */
const OPERATOR = 'operator';

/**
 * `GET`, `POST` and `DELETE /drain`. Writes come from this machine (preStop) or carry the admin token.
 * @param token undefined: only loopback may write
 */
export function drainRoutes(drain: Drain, token: string | undefined): Record<string, AdminHandler> {
  const guarded =
    (handler: AdminHandler): AdminHandler =>
    (request) =>
      request.loopback || carries(request, token) ? handler(request) : forbidden(token);
  return {
    'GET /drain': () => ({ status: 200, body: drain.status() }),
    'POST /drain': guarded((request) => {
      const order = OrderSchema.safeParse(request.body);
      if (!order.success) return { status: 400, body: { error: z.prettifyError(order.error) } };
      const byOperator = order.data.reason === OPERATOR && carries(request, token);
      const { timeoutSeconds, ...rest } = order.data;
      void drain.start({
        ...rest,
        timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000,
        unready: !byOperator,
      });
      return { status: 202, body: drain.status() };
    }),
    'DELETE /drain': guarded(() => {
      if (drain.cancel()) return { status: 200, body: drain.status() };
      return {
        status: 409,
        body: { error: 'too late: the drain deadline passed and the rest is being closed' },
      };
    }),
  };
}

function carries({ headers }: AdminRequest, token: string | undefined): boolean {
  const given = headers['authorization'];
  if (token === undefined || typeof given !== 'string') return false;
  const right = Buffer.from(`Bearer ${token}`);
  const offered = Buffer.from(given);
  return offered.length === right.length && timingSafeEqual(offered, right);
}

function forbidden(token: string | undefined): AdminReply {
  const error =
    token === undefined
      ? 'no admin token is configured (admin.tokenFile): writes are taken from this machine only'
      : 'send "Authorization: Bearer <admin token>"';
  return { status: token === undefined ? 403 : 401, body: { error } };
}
