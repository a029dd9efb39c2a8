import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

let patched = false;

/**
 * Stops kafkajs 2.2.4 from waking up every millisecond for every connection: it arms a timer with the
 * (negative) rest of a throttle even when nothing is queued. Measured: ~900 wake-ups a second per
 * connection on Node 22, about 3 % of a core. With nothing queued and no throttle there is nothing to
 * check later; every push and every answer checks by itself.
 */
export function patchRequestQueue(): void {
  if (patched) return;
  patched = true;
  const { prototype } = RequestQueue;
  const original = Reflect.get(prototype, 'scheduleCheckPendingRequests');
  prototype.scheduleCheckPendingRequests = function schedule(): void {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
    Reflect.apply(original, this, []);
  };
}
