import type { Clock, Random } from '@chatplatform/runtime';
import { controlValues, ensureEpoch, type ControlLog } from '../control/epoch.ts';
import { KafkaError } from '../errors.ts';
import type { KafkaAdmin, PartitionLag, TopicSpec, TopicState } from '../port/admin.ts';
import type { MemoryFaults } from './faults.ts';
import type { MemoryLog } from './log.ts';

interface Deps {
  readonly log: MemoryLog;
  readonly faults: MemoryFaults;
  readonly clock: Clock;
  readonly random: Random;
}

/** The admin client of the twin. */
export class MemoryAdmin implements KafkaAdmin {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<TopicState[]> {
    await this.#reach();
    return specs.map((spec) => this.#ensureTopic(spec));
  }

  async describeTopics(names: readonly string[]): Promise<TopicState[]> {
    await this.#reach();
    return names.map((name) => {
      const topic = this.#deps.log.topics.get(name);
      if (topic === undefined)
        return { name, partitions: 0, replicationFactor: 0, config: {}, outcome: 'absent' };
      return {
        name,
        partitions: topic.partitions.length,
        replicationFactor: topic.replicationFactor,
        config: { ...topic.config },
        outcome: 'present',
      };
    });
  }

  async partitionCount(topic: string): Promise<number> {
    await this.#reach();
    return this.#partitions(topic).length;
  }

  async groupLag(group: string, topic: string): Promise<PartitionLag[]> {
    await this.#reach();
    const offsets = this.#deps.log.committedBy(group);
    return this.#partitions(topic).map((records, partition) => {
      const committed = offsets.get(`${topic}/${partition}`) ?? -1;
      const end = records.length;
      const begin = this.#deps.log.beginOf(topic, partition);
      const lag = committed < 0 ? end - begin : Math.max(0, end - Math.max(committed, begin));
      return { partition, begin, end, committed, lag };
    });
  }

  async offsetAt(topic: string, partition: number, timestampMs: number): Promise<number> {
    await this.#reach();
    const records = this.#deps.log.partition(topic, partition);
    const begin = this.#deps.log.beginOf(topic, partition);
    const index = records.findIndex(({ offset, timestamp }) => offset >= begin && timestamp >= timestampMs);
    return index < 0 ? records.length : index;
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#reach();
    for (const name of names) this.#deps.log.topics.delete(name);
  }

  async readControl(topic: string): Promise<Record<string, string>> {
    return controlValues(await this.#control(topic).read());
  }

  ensureEpoch(controlTopic: string, lost?: string): Promise<string> {
    return ensureEpoch(this.#control(controlTopic), this.#deps, lost);
  }

  async clusterId(): Promise<string> {
    await this.#reach();
    return 'memory';
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #ensureTopic(spec: TopicSpec): TopicState {
    const { name, partitions, replicationFactor, config = {} } = spec;
    const wanted = { name, partitions, replicationFactor, config };
    const topic = this.#deps.log.topics.get(name);
    if (topic === undefined) {
      const logs = Array.from({ length: partitions }, () => []);
      this.#deps.log.topics.set(name, {
        replicationFactor,
        config: { ...config },
        partitions: logs,
        begins: [],
      });
      return { ...wanted, outcome: 'created' };
    }
    const count = topic.partitions.length;
    if (count !== partitions) {
      const problem = `topic ${name} has ${count} partitions, not ${partitions}; the count is fixed once messages exist`;
      return { ...wanted, partitions: count, outcome: 'wrong', problem };
    }
    const same = Object.entries(config).every(([key, value]) => topic.config[key] === value);
    Object.assign(topic.config, config);
    return { ...wanted, outcome: same ? 'present' : 'configured' };
  }

  #control(topic: string): ControlLog {
    const { log, clock } = this.#deps;
    return {
      read: async () => {
        await this.#reach();
        return log
          .partition(topic, 0)
          .map((record) => ({ key: record.key ?? '', value: record.value?.toString() ?? null }));
      },
      append: async (key, value) => {
        await this.#reach();
        log.append(topic, 0, [{ topic, partition: 0, key, value }], clock.now());
      },
    };
  }

  #partitions(topic: string): readonly (readonly unknown[])[] {
    this.#deps.log.partition(topic, 0);
    return this.#deps.log.topics.get(topic)?.partitions ?? [];
  }

  #reach(): Promise<void> {
    if (this.#deps.faults.outage) return Promise.reject(new KafkaError('unavailable', 'no broker answers'));
    return Promise.resolve();
  }
}
