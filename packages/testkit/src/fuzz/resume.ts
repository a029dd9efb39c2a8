import { ResumeTokens } from '@chatplatform/gateway';
import type { Random } from '@chatplatform/runtime';
import { chance, mutateText, oneOf, pick, shrinkText } from './noise.ts';
import { promise, type FuzzTarget } from './target.ts';
import * as values from './values.ts';

/** A token as it is shown, and by whom. */
export interface ResumeInput {
  readonly user: string;
  readonly token: string;
}

const ours = new ResumeTokens(Buffer.from('key of the platform under test, 32 bytes'));
const theirs = new ResumeTokens(Buffer.from('key of some other platform, also 32 bytes'));
const SIDS = ['a', 'sid0sid0sid0sid0sid0', 'x'.repeat(64), 'x'.repeat(65), 'SID', ''];
const GENERATIONS = [1, 2, 999_999_999_999_999, 1e15, 0];

function generate(random: Random): ResumeInput {
  const user = String(values.user(random));
  const claim = { sid: oneOf(random, SIDS), generation: oneOf(random, GENERATIONS) + pick(random, 2) };
  const issuer = chance(random, 0.9) ? ours : theirs;
  const token = issuer.issue(user, claim);
  const shownBy = chance(random, 0.8) ? user : String(values.user(random));
  return { user: shownBy, token: chance(random, 0.5) ? token : mutateText(token, random) };
}

/** A token has three; more look all alike. */
const PARTS = 3;
// 16 bytes in base64url: of the last character only two bits count.
const MAC_TAIL = 1;

function check({ user, token }: ResumeInput): string {
  promise(
    theirs.read(user, token) === undefined || ours.read(user, token) === undefined,
    'good for two platforms',
  );
  const claim = ours.read(user, token);
  if (claim === undefined)
    return `refused ${Math.min(token.split('.').length, PARTS + 1)} ${token.length === 0 ? 'empty' : ''}`;
  // The only tokens that are worth something are those this platform issued to this user for this claim.
  const issued = ours.issue(user, claim);
  promise(
    issued.slice(0, -MAC_TAIL) === token.slice(0, -MAC_TAIL),
    `a token that was never issued: ${token}`,
  );
  promise(ours.read(`${user}x`, token) === undefined, 'good for two users');
  promise(Number.isSafeInteger(claim.generation) && claim.generation >= 1, `generation ${claim.generation}`);
  return `good ${claim.sid.length > 20 ? 'long' : 'short'}`;
}

/** Tokens that keep a session: `ResumeTokens.read`. */
export const resume: FuzzTarget<ResumeInput> = {
  name: 'resume',
  generate,
  mutate: (input, random) =>
    chance(random, 0.8)
      ? { ...input, token: mutateText(input.token, random) }
      : { ...input, user: mutateText(input.user, random) },
  shrink: (input) => shrinkText(input.token).map((token) => ({ ...input, token })),
  check,
};
