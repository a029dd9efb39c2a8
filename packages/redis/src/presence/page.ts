import type { Present } from './presence.ts';

/** One device as stored: gateway, joined at (ms), info (`''` for none), info set at (ms). */
export interface StoredDevice {
  readonly incarnation: string;
  readonly since: number;
  readonly info: string;
  readonly infoAt: number;
}

/** A user as others see them; `undefined` when none of the devices is on a live gateway. */
export function presentOf(
  user: string,
  devices: Iterable<StoredDevice>,
  live: ReadonlySet<string>,
): Present | undefined {
  const here = [...devices].filter((device) => live.has(device.incarnation));
  if (here.length === 0) return undefined;
  const latest = here.filter((device) => device.info !== '').sort((a, b) => b.infoAt - a.infoAt)[0];
  const since = Math.min(...here.map((device) => device.since));
  return { user, devices: here.length, since, ...(latest ? { info: latest.info } : {}) };
}

/** The names after `after`, in order. */
export function namesAfter(names: Iterable<string>, after: string | undefined): string[] {
  const rest = after === undefined ? [...names] : [...names].filter((name) => name > after);
  return rest.sort();
}
