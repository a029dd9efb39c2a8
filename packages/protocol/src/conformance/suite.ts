import { withOneToken, type ConformanceCase } from './case.ts';
import { administrationCases } from './cases/administration.ts';
import { drainCases } from './cases/drain.ts';
import { frameCases } from './cases/frames.ts';
import { helloCases } from './cases/hello.ts';
import { hostileCases } from './cases/hostile.ts';
import { latestCases } from './cases/latest.ts';
import { limitCases } from './cases/limits.ts';
import { presenceCases } from './cases/presence.ts';
import { publishCases } from './cases/publish.ts';
import { receiptCases } from './cases/receipts.ts';
import { roomCases } from './cases/rooms.ts';
import { tokenCases } from './cases/tokens.ts';

/** Cases in which all clients may be one user with one token. */
const FOR_ONE_USER = new Set([
  'frame-lines',
  'frame-order',
  'frame-unknown-fields',
  'frame-too-large',
  'hello-token-places',
  'hello-token-first',
  'hello-late',
  'hello-version',
  'hello-behind',
  'hello-twice',
  'session-takeover',
  'join-empty',
  'join-resume',
  'join-foreign-epoch',
  'hist-pages',
  'reply-cut',
  'leave',
  'pub-any-json',
  'pub-duplicate',
  'pub-unsure',
  'pub-too-old',
]);

/** Every case. Those that disturb a whole gateway come last, see {@link mustRunAlone}. */
export const conformanceSuite: readonly ConformanceCase[] = [
  ...frameCases,
  ...helloCases,
  ...tokenCases,
  ...roomCases,
  ...publishCases,
  ...latestCases,
  ...presenceCases,
  ...receiptCases,
  ...administrationCases,
  ...hostileCases,
  ...limitCases,
  ...drainCases,
].map((each) => (FOR_ONE_USER.has(each.id) ? withOneToken(each) : each));

const alone = new Set<string>([...limitCases, ...drainCases].map(({ id }) => id));

/** True for a case that uses up what others need (connections per second, a gateway): nothing may run beside it. */
export function mustRunAlone({ id }: ConformanceCase): boolean {
  return alone.has(id);
}
