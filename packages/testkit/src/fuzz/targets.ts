import { frames } from './frames.ts';
import { records } from './records.ts';
import { resume } from './resume.ts';
import type { FuzzTarget } from './target.ts';

/** Everything that is fuzzed, by name. */
export const fuzzTargets: Readonly<Record<string, FuzzTarget<unknown>>> = {
  frames: frames,
  records: records,
  resume: resume,
};
