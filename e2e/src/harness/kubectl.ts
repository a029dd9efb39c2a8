import { run } from './run.ts';

/** kubectl of one cluster, in the namespace of the platform under test. */
export class Kubectl {
  /** Name of the cluster. */
  readonly instance: string;
  readonly #namespace: string;

  constructor(instance: string, namespace: string) {
    this.instance = instance;
    this.#namespace = namespace;
  }

  run(...args: string[]): Promise<string> {
    return run(
      'tools/cluster/kubectl',
      '--instance',
      this.instance,
      '--',
      '--namespace',
      this.#namespace,
      ...args,
    );
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run(...args, '-o', 'json')) as T;
  }

  /** Process id on this machine of the first container of a pod. */
  async hostPid(pod: string): Promise<number> {
    return Number(
      await run('tools/cluster/pid', '--instance', this.instance, '--namespace', this.#namespace, pod),
    );
  }
}
