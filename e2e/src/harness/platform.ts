import { cacheFolder, findTarget, Instance, type Endpoint } from '@chatplatform/cli';
import type { Fleet } from './fleet.ts';
import { Kubectl } from './kubectl.ts';
import { podFleet } from './pod-fleet.ts';
import { processFleet } from './process-fleet.ts';
import { run } from './run.ts';

/** Where the platform under test runs. */
export type Place = 'cluster' | 'processes';

/** The platform under test. */
export interface TestPlatform {
  readonly place: Place;
  /** WebSocket address. */
  readonly url: string;
  /** Address of the demo page. */
  readonly page: string;
  readonly token: (user: string) => Promise<string>;
  readonly gateways: Fleet;
  readonly workers: Fleet;
  /** Only on the cluster. */
  readonly kubectl: Kubectl | undefined;
}

/** The instance of the tests; that of `make up` is never touched. Another name lets runs stand side by side. */
const INSTANCE = process.env['CHATPLATFORM_E2E_INSTANCE'] ?? 'test';
/** Where tools/up puts the demo platform. */
const NAMESPACE = 'chat';

let made: Promise<TestPlatform> | undefined;

/** Brings the platform under test up, or takes the one that is there. All test files of a run share it. */
export function testPlatform(): Promise<TestPlatform> {
  made ??= bringUp();
  return made;
}

/** Address of the demo page of the platform under test. */
export async function platformUrl(): Promise<string> {
  return (await testPlatform()).page;
}

/**
 * The cluster for root on Linux, processes otherwise; CHATPLATFORM_E2E_PLACE chooses. What is not run because of
 * that is said in the output, never passed over.
 */
export function testPlace(): Place {
  const wanted = process.env['CHATPLATFORM_E2E_PLACE'];
  if (wanted === 'cluster' || wanted === 'processes') return wanted;
  return process.platform === 'linux' && process.getuid?.() === 0 ? 'cluster' : 'processes';
}

async function bringUp(): Promise<TestPlatform> {
  const place = testPlace();
  // The two kinds do not share a name, so a run as processes leaves the cluster of another alone.
  const name = place === 'cluster' ? INSTANCE : `${INSTANCE}-processes`;
  await run('tools/up', '--instance', name, '--target', place);
  const cache = cacheFolder(process.env);
  const instance = new Instance(cache, name);
  const endpoint = instance.readEndpoint();
  if (endpoint === undefined) throw new Error(`tools/up left no endpoint for "${name}"`);
  return { place, ...addresses(endpoint, name, cache), ...fleets(place, instance) };
}

function addresses(
  endpoint: Endpoint,
  instance: string,
  cache: string,
): Pick<TestPlatform, 'url' | 'page' | 'token'> {
  const { token } = findTarget({ instance }, { cache });
  return { url: endpoint.url, page: endpoint.page ?? '', token };
}

function fleets(place: Place, instance: Instance): Pick<TestPlatform, 'gateways' | 'workers' | 'kubectl'> {
  if (place === 'processes') {
    return {
      gateways: processFleet(instance, 'gateway'),
      workers: processFleet(instance, 'worker'),
      kubectl: undefined,
    };
  }
  const kubectl = new Kubectl(instance.name, NAMESPACE);
  return { gateways: podFleet(kubectl, 'gateway'), workers: podFleet(kubectl, 'worker'), kubectl };
}
