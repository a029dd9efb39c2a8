/** Calls back on signs that a connection may succeed now; the returned function ends that. */
export type WakeSource = (wake: () => void) => () => void;

interface EventSource {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * In a browser: the network is back, or the page is visible again. Elsewhere: never. What `connect` uses by default.
 *
 * @example
 * ```ts
 * import { browserWakes, connect } from '@chatplatform/client';
 *
 * // Besides what browsers say: an application that knows when its device has woken up.
 * const awake = new EventTarget();
 * const client = connect({
 *   url,
 *   token,
 *   wakes: (wake) => {
 *     const stop = browserWakes(wake);
 *     awake.addEventListener('awake', wake);
 *     return () => {
 *       stop();
 *       awake.removeEventListener('awake', wake);
 *     };
 *   },
 * });
 * ```
 */
export const browserWakes: WakeSource = (wake) => {
  const scope = globalThis as unknown as Partial<EventSource> & {
    document?: EventSource & { visibilityState: string };
  };
  const page = scope.document;
  if (!page || !scope.addEventListener) return () => undefined;
  const visible = (): void => {
    if (page.visibilityState === 'visible') wake();
  };
  scope.addEventListener('online', wake);
  page.addEventListener('visibilitychange', visible);
  return () => {
    scope.removeEventListener?.('online', wake);
    page.removeEventListener('visibilitychange', visible);
  };
};
