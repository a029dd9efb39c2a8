import { COMING_MS, GOING_MS } from '../online/online.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

export function locksContract(subject: ContractSubject): void {
  const redis = opened(subject);

  test('one holder at a time, who may renew; given back or left, it is free', async () => {
    const { locks } = redis();
    const name = fresh('lock');
    expect(await locks.hold(name, 'a', 60_000)).toBe(true);
    expect(await locks.hold(name, 'b', 60_000)).toBe(false);
    expect(await locks.hold(name, 'a', 60_000)).toBe(true);
    await locks.release(name, 'b');
    expect(await locks.hold(name, 'b', 60_000)).toBe(false);
    await locks.release(name, 'a');
    expect(await locks.hold(name, 'b', 20)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await locks.hold(name, 'a', 60_000)).toBe(true);
  });
}

export function deliveriesContract(subject: ContractSubject): void {
  const redis = opened(subject);

  test('remembers what was sent to whom', async () => {
    const { deliveries } = redis();
    const id = fresh('id');
    expect(await deliveries.isDone('push', id)).toBe(false);
    await deliveries.done('push', id);
    expect(await deliveries.isDone('push', id)).toBe(true);
    expect(await deliveries.isDone('mail', id)).toBe(false);
  });
}

export function onlineContract(subject: ContractSubject): void {
  const redis = opened(subject);
  const dueOf = async (users: readonly string[]): Promise<string[]> =>
    (await redis().online.due(1_000)).map(({ user }) => user).filter((user) => users.includes(user));

  test('a change is told until it was told, at the same time; then not again', async () => {
    const { online } = redis();
    const user = fresh('user');
    expect(await online.turn(user, false)).toBeUndefined();
    const came = await online.turn(user, true);
    expect(came).toBeGreaterThan(0);
    expect(await online.turn(user, true)).toBe(came);
    await online.told(user, came as number);
    expect(await online.turn(user, true)).toBeUndefined();
    const went = await online.turn(user, false);
    expect(went).toBeGreaterThan(came as number);
    await online.told(user, came as number);
    expect(await online.turn(user, false)).toBe(went);
    await online.told(user, went as number);
    expect(await online.turn(user, false)).toBeUndefined();
  });

  test('who came is due soon, who went later, and stays so until settled', async () => {
    const { online } = redis();
    const [came, went] = [fresh('came'), fresh('went')];
    await online.note([came], 'came');
    await online.note([went], 'went');
    await online.note([], 'came');
    expect(await dueOf([came, went])).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, COMING_MS + 50));
    expect(GOING_MS).toBeGreaterThan(2 * COMING_MS);
    expect(await dueOf([came, went])).toEqual([came]);
    const [entry] = (await online.due(1_000)).filter(({ user }) => user === came);
    if (entry === undefined) throw new Error('nothing is due');
    await online.settle({ ...entry, mark: `+${came} 1` });
    expect(await dueOf([came])).toEqual([came]);
    await online.settle(entry);
    expect(await dueOf([came])).toEqual([]);
  });
}
