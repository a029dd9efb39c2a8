import { LoadWindow } from '@chatplatform/runtime';

/** Longest time a message waits for company: adds at most this to delivery when the gateway is saturated. */
const MAX_WINDOW_MS = 20;
/** Share of time the loop may be busy before waiting pays: below it a write per message costs nobody anything. */
const IDLE_SHARE = 0.5;
/** Share at which the full window is used. */
const BUSY_SHARE = 0.9;

/**
 * How long messages of a room are collected before they leave in one frame; asked once per flush. 0 = until the end of
 * this turn of the event loop.
 */
export function flushWindow(): LoadWindow {
  return new LoadWindow({ idleShare: IDLE_SHARE, busyShare: BUSY_SHARE, maxMs: MAX_WINDOW_MS });
}
