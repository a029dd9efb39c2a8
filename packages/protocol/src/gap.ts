import { UNKNOWN_PREVIOUS, sameLog, type Position } from './position.ts';

/** What to do with a pushed message: hand it on, drop it, or hold it and `sync` from the last one. */
export type GapVerdict = 'deliver' | 'duplicate' | 'gap';

/**
 * The gap rule for pushes (messages inside a reply are applied without it).
 *
 * @param last - position of the last message applied in this room; `undefined` when none is known
 * @param id - id of the pushed message
 * @param previous - its `p`: the id of the room's previous message, or `?`
 */
export function gapVerdict(last: Position | undefined, id: Position, previous: Position): GapVerdict {
  if (last === undefined) return 'deliver';
  if (!sameLog(last, id)) return 'gap';
  if (id <= last) return 'duplicate';
  return previous !== UNKNOWN_PREVIOUS && sameLog(previous, id) && previous <= last ? 'deliver' : 'gap';
}
