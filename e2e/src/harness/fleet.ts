/** One running copy of a program. */
export interface Unit {
  readonly name: string;
  /** Changes when the program was started again under the same name. */
  readonly incarnation: string;
  readonly ready: boolean;
}

/** All copies of one program of the platform, and what can be done to one of them. */
export interface Fleet {
  list(): Promise<readonly Unit[]>;
  /** Ends one in order (SIGTERM): in Kubernetes its pod is deleted, as processes its supervisor starts it again. */
  remove(unit: Unit): Promise<void>;
  /** SIGKILL to the process itself, from outside: inside a container pid 1 would ignore it. */
  kill9(unit: Unit): Promise<void>;
}

/** A pod that was removed is replaced within seconds; a drain with clients may take its whole time. */
const BACK_MS = 120_000;
const LOOK_MS = 250;

/** Removes the first unit and waits until the fleet is whole again without it. */
export async function removeOne(fleet: Fleet): Promise<string> {
  const [victim, size] = await choose(fleet, 0);
  await fleet.remove(victim);
  await untilWhole(fleet, size, victim);
  return victim.name;
}

/** Kills the last unit and waits until its replacement works: the proof that the kill was one. */
export async function killOne(fleet: Fleet): Promise<string> {
  const [victim, size] = await choose(fleet, -1);
  await fleet.kill9(victim);
  await untilWhole(fleet, size, victim);
  return victim.name;
}

async function choose(fleet: Fleet, index: number): Promise<[Unit, number]> {
  const units = await fleet.list();
  const victim = units.filter((unit) => unit.ready).at(index);
  if (victim === undefined) throw new Error(`nothing to disturb: ${JSON.stringify(units)}`);
  return [victim, units.length];
}

/** Waits until as many as before are ready, the victim not among them. */
async function untilWhole(fleet: Fleet, size: number, victim: Unit): Promise<void> {
  await until(`${victim.name} to be replaced`, BACK_MS, async () => {
    const ready = (await fleet.list()).filter((unit) => unit.ready);
    return ready.length >= size && !ready.some((unit) => unit.incarnation === victim.incarnation);
  });
}

/** Waits for something. @throws when it does not come true in time, with what was waited for */
export async function until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
