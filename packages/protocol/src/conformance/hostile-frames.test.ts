import { parseClientFrame } from '../client-line.ts';
import { hostileFrames, type HostileContext } from './hostile-frames.ts';

const context: HostileContext = {
  room: 'room:1',
  otherRoom: 'room:2',
  forbiddenRoom: 'secret:1',
  inst: 'abcdefghijklmnop',
  token: 'aaa.bbb.cccccccc',
};

describe('the hostile frames', () => {
  test('are at least 30, each with a name of its own', () => {
    expect(hostileFrames.length).toBeGreaterThanOrEqual(30);
    expect(new Set(hostileFrames.map(({ name }) => name)).size).toBe(hostileFrames.length);
  });

  // What the parser alone decides, it must decide as designed; the rest needs a session (gateway tests).
  const decided = hostileFrames.filter(({ outcome }) => outcome.kind === 'error' && outcome.code === 107);
  test.each(decided.filter(({ name }) => !name.includes('of another client')))(
    '$name',
    ({ frame, outcome }) => {
      const line = parseClientFrame(String(frame(context)));
      expect(outcome.kind).toBe('error');
      if (outcome.kind !== 'error') return;
      expect(line).toMatchObject({ kind: 'refused', i: outcome.i, err: { code: outcome.code } });
      expect(line.kind === 'refused' && line.err.msg).toContain(outcome.names ?? '');
    },
  );

  const texts = hostileFrames.filter(
    ({ when, frame }) => when === 'joined' && typeof frame(context) === 'string',
  );
  const broken = texts.filter(({ outcome }) => outcome.kind === 'close' && outcome.codes[0] === 3501);
  test.each(broken)('$name cannot be answered', ({ frame }) => {
    expect(parseClientFrame(String(frame(context)))).toMatchObject({ kind: 'broken' });
  });
});
