import type { Fleet, Unit } from './fleet.ts';
import type { Kubectl } from './kubectl.ts';

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly containerID?: string; readonly restartCount: number }[];
  };
}

/** The pods of one component. */
export function podFleet(kubectl: Kubectl, component: string): Fleet {
  return {
    list: async () => {
      const { items } = await kubectl.json<{ items: Pod[] }>(
        'get',
        'pods',
        '-l',
        `chatplatform.dev/component=${component}`,
      );
      return items.filter((pod) => pod.metadata.deletionTimestamp === undefined).map(unitOf);
    },
    remove: async (unit) => {
      await kubectl.run('delete', 'pod', unit.name, '--wait=false');
    },
    kill9: async (unit) => {
      process.kill(await kubectl.hostPid(unit.name), 'SIGKILL');
    },
  };
}

/** A restarted container has a new id in the same pod. */
function unitOf(pod: Pod): Unit {
  const container = pod.status.containerStatuses?.[0];
  const ready = pod.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  return {
    name: pod.metadata.name,
    incarnation: `${pod.metadata.uid}/${container?.containerID ?? 'none'}`,
    ready: ready === true,
  };
}
