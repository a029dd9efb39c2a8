import { protocolErrorsCodesById } from '@platformatic/kafka';

/** Kafka's name of an error code. */
export function nameOfError(code: number): string {
  return protocolErrorsCodesById[code] ?? 'UNKNOWN';
}
