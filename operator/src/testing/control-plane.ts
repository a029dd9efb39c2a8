import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { crdYaml } from '../api/crd.ts';
import { kubeClient, type KubeClient, type KubeObject } from '../kube/index.ts';
import { defaultTransport, type Transport } from '../kube/transport.ts';

const run = promisify(execFile);
const tool = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/cluster/${name}`, import.meta.url));

// The first start on a machine may have to build Kubernetes.
const UP_TIMEOUT_MS = 15 * 60_000;

/** A real API server with etcd and controllers, without nodes, for tests. */
export interface ControlPlane {
  readonly kubeconfig: string;
  readonly transport: Transport;
  readonly client: KubeClient;
  /** Pods never start here; a test plays the kubelet. */
  setStatus(object: KubeObject, status: object): Promise<void>;
  down(): Promise<void>;
}

/** Starts one of its own, with the CRD installed; it ends with this process even if `down` is never called. */
export async function startControlPlane(purpose: string): Promise<ControlPlane> {
  const instance = `${purpose}-${process.pid}`;
  await run(tool('up'), ['--instance', instance, '--nodes', '0', '--owner', String(process.pid)], {
    timeout: UP_TIMEOUT_MS,
  });
  const { stdout } = await run(tool('kubeconfig'), ['--instance', instance]);
  const kubeconfig = stdout.trim();
  const transport = defaultTransport(kubeconfig);
  await installCrd(transport);
  return {
    kubeconfig,
    transport,
    client: kubeClient(transport),
    setStatus: async (object, status) => {
      const { name, namespace } = object.metadata;
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
      await transport.call({
        method: 'PATCH',
        path,
        body: { status },
        contentType: 'application/merge-patch+json',
      });
    },
    down: async () => {
      transport.close();
      await run(tool('down'), ['--instance', instance]);
    },
  };
}

async function installCrd(transport: Transport): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const crd = parse(crdYaml()) as KubeObject;
  await transport.call({ method: 'POST', path, body: crd });
  for (;;) {
    const answer = (await transport.call({ method: 'GET', path: `${path}/${crd.metadata.name}` })) as {
      status?: { conditions?: { type: string; status: string }[] };
    };
    if (answer.status?.conditions?.some((entry) => entry.type === 'Established' && entry.status === 'True'))
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
