import { systemClock } from './clock.ts';

/** A minute, which a busy machine may need for what takes a second, ms. */
const PATIENCE_MS = 60_000;
/** Between two looks: a look is cheap, and a test waits for many things one after the other, ms. */
const LOOK_MS = 10;

/**
 * Looks again and again until `look` finds something (anything but `false` and `undefined`), and resolves with it. For
 * tests: what they wait for happens in another process or behind a socket, and nobody tells them.
 *
 * @param withinMs gives up after this time
 * @param what is waited for, for the error; by default the text of the condition
 * @throws Error that says what did not come true; what `look` throws
 */
export async function until<Found>(
  look: () => Found | Promise<Found>,
  withinMs = PATIENCE_MS,
  what = String(look),
): Promise<Exclude<Found, false | undefined>> {
  const deadline = systemClock.monotonic() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found as Exclude<Found, false | undefined>;
    if (systemClock.monotonic() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await systemClock.sleep(LOOK_MS);
  }
}
