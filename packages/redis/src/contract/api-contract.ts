import { fresh, opened, type ContractSubject } from './subject.ts';

const HOUR_MS = 3_600_000;

export function revocationsContract(subject: ContractSubject): void {
  const redis = opened(subject);
  // A second beyond the bound of any clock that the server under test may have.
  const later = (hours: number): number => Date.now() + hours * HOUR_MS;
  const read = async (known?: string): Promise<{ version: string; members: Map<string, number> }> => {
    const answer = await redis().revocations.read(known);
    if (answer === undefined) throw new Error('nothing changed');
    return {
      version: answer.version,
      members: new Map(answer.entries.map(({ member, until }) => [member, until])),
    };
  };

  test('what was added is read by everybody, and read again only after a change', async () => {
    const [one, two] = [fresh('t:'), fresh('t:')];
    const until = later(1);
    await redis().revocations.add([{ member: one, until }]);
    const first = await read();
    expect(first.members.get(one)).toBe(until);
    expect(await redis().revocations.read(first.version)).toBeUndefined();
    const other = await subject.open();
    await other.revocations.add([{ member: two, until }]);
    await other.close();
    const second = await read(first.version);
    expect([...second.members.keys()]).toEqual(expect.arrayContaining([one, two]));
  });

  test('the later end wins, and what changes nothing is no change', async () => {
    const member = fresh('t:');
    const [early, late] = [later(1), later(2)];
    await redis().revocations.add([{ member, until: late }]);
    const { version } = await read();
    await redis().revocations.add([{ member, until: early }]);
    expect(await redis().revocations.read(version)).toBeUndefined();
    expect((await read()).members.get(member)).toBe(late);
  });

  test('what has ended is not kept', async () => {
    const [ended, living] = [fresh('t:'), fresh('t:')];
    await redis().revocations.add([
      { member: ended, until: later(-1) },
      { member: living, until: later(1) },
    ]);
    const { members } = await read();
    expect([members.has(ended), members.has(living)]).toEqual([false, true]);
  });

  test('many at once', async () => {
    const members = Array.from({ length: 1200 }, () => fresh('t:'));
    await redis().revocations.add(members.map((member) => ({ member, until: later(1) })));
    expect([...(await read()).members.keys()]).toEqual(expect.arrayContaining(members));
  });

  test('writes that were lost are a change', async () => {
    const lose = await subject.snapshot();
    await redis().revocations.add([{ member: fresh('t:'), until: later(1) }]);
    const { version } = await read();
    await lose();
    const before = await read(version);
    await redis().revocations.add([{ member: fresh('t:'), until: later(1) }]);
    const after = await read(version);
    expect(new Set([version, before.version, after.version]).size).toBe(3);
  });
}

export function idempotencyContract(subject: ContractSubject): void {
  const redis = opened(subject);
  const attempt = { fingerprint: 'print', startedAt: 1_760_000_000_000, running: true };

  test('one request is the first; later ones get what is known of it', async () => {
    const key = fresh('key');
    const { idempotency } = redis();
    const others = await Promise.all(
      [1, 2, 3].map((n) => idempotency.begin(key, { ...attempt, startedAt: n })),
    );
    expect(others.filter((other) => other === undefined)).toHaveLength(1);
    const answered = { ...attempt, running: false, result: '{"ts":1}' };
    await idempotency.finish(key, answered);
    expect(await idempotency.begin(key, attempt)).toEqual(answered);
  });

  test('what had no effect is forgotten', async () => {
    const key = fresh('key');
    const { idempotency } = redis();
    await idempotency.begin(key, attempt);
    await idempotency.forget(key);
    expect(await idempotency.begin(key, attempt)).toBeUndefined();
  });
}
