import { UNKNOWN_PREVIOUS } from '@chatplatform/protocol';

/** The field as `messageFrame` writes it for an unknown previous message. It stands before any text of a user, so the first occurrence is the field. */
const UNKNOWN_FIELD = `"p":"${UNKNOWN_PREVIOUS}"`;

/**
 * Fills the id of the previous message into a frame made with `p` = `"?"`. Only the append knows `p`, so
 * frames are made without it and stay valid frames as they are.
 */
export function renderFrame(frame: string, p: string): string {
  if (p === UNKNOWN_PREVIOUS) return frame;
  const at = frame.indexOf(UNKNOWN_FIELD);
  if (at < 0) return frame;
  return `${frame.slice(0, at)}"p":"${p}"${frame.slice(at + UNKNOWN_FIELD.length)}`;
}
