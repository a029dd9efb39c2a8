/** Field names whose values never reach a log. Ends-with, so `adminToken` and `saslPassword` count. */
const SECRET_FIELD = /(password|secret|token|passphrase|privatekey)$/i;
/** What stands in for a secret: says that one was set. */
export const MASK = '***';

/**
 * A copy of `value` for printing: secret fields and the user part of URLs replaced by `***`. Paths of secret
 * files (`tokenFile`) are kept, they help and give nothing away.
 */
export function maskSecrets<T>(value: T): T {
  return mask(value) as T;
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value === 'string') return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, `$1${MASK}@`);
  if (value === null || typeof value !== 'object') return value;
  const out: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    out[name] = SECRET_FIELD.test(name) && typeof field === 'string' ? MASK : mask(field);
  }
  return out;
}
