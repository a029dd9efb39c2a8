import type { TopicSpec, TopicState } from '../port/admin.ts';

/** A setting of a topic as the broker reports it. */
export interface TopicSetting {
  readonly name: string;
  readonly value: string;
  /** Set on the topic itself; otherwise a default of the broker is in force. */
  readonly own: boolean;
}

/** What a driver must be able to do with topics. */
export interface TopicOperations {
  /** Those of `names` that exist. */
  find(names: readonly string[]): Promise<Map<string, { partitions: number; replicationFactor: number }>>;
  settings(names: readonly string[]): Promise<Map<string, readonly TopicSetting[]>>;
  /** Resolves also when another process was faster. */
  create(specs: readonly TopicSpec[]): Promise<void>;
  /** Sets `changes`; `own` are all of the topic's own settings until now, which stay. */
  change(topic: string, changes: Record<string, string>, own: Record<string, string>): Promise<void>;
}

/** How topics are; absent ones have 0 partitions. Config: what differs from the broker's defaults. */
export async function describeTopics(
  admin: TopicOperations,
  names: readonly string[],
): Promise<TopicState[]> {
  const found = await admin.find(names);
  if (found.size === 0) return names.map(absent);
  const settings = await admin.settings([...found.keys()]);
  return names.map((name) => {
    const topic = found.get(name);
    if (topic === undefined) return absent(name);
    return { name, ...topic, config: ownSettings(settings.get(name) ?? []), outcome: 'present' };
  });
}

/** Creates what is missing, sets what differs; reports what it must not change. */
export async function ensureTopics(
  admin: TopicOperations,
  specs: readonly TopicSpec[],
): Promise<TopicState[]> {
  const names = specs.map((spec) => spec.name);
  const before = await describeTopics(admin, names);
  const missing = specs.filter((_, index) => before[index]?.outcome === 'absent');
  if (missing.length > 0) await admin.create(missing);
  const now = missing.length > 0 ? await describeTopics(admin, names) : before;
  const states: TopicState[] = [];
  for (const [index, spec] of specs.entries()) {
    states.push(
      await settle(admin, spec, { state: now[index] ?? absent(spec.name), created: missing.includes(spec) }),
    );
  }
  return states;
}

async function settle(
  admin: TopicOperations,
  spec: TopicSpec,
  found: { state: TopicState; created: boolean },
): Promise<TopicState> {
  const { state, created } = found;
  const wanted = spec.config ?? {};
  const config = Object.fromEntries(Object.keys(wanted).map((key) => [key, state.config[key] ?? '']));
  const problem = problemWith(spec, state);
  if (problem !== undefined) return { ...state, config, outcome: 'wrong', problem };
  if (created) return { ...state, config: wanted, outcome: 'created' };
  if (!(await differs(admin, spec, state))) return { ...state, config: wanted, outcome: 'present' };
  await admin.change(spec.name, wanted, state.config);
  return { ...state, config: wanted, outcome: 'configured' };
}

/** A wanted value that equals the broker's default is not among the topic's own settings, yet in force. */
async function differs(admin: TopicOperations, spec: TopicSpec, state: TopicState): Promise<boolean> {
  const wanted = Object.entries(spec.config ?? {});
  if (wanted.every(([key, value]) => state.config[key] === value)) return false;
  const settings = (await admin.settings([spec.name])).get(spec.name) ?? [];
  const inForce = new Map(settings.map(({ name, value }) => [name, value]));
  return wanted.some(([key, value]) => inForce.get(key) !== value);
}

function problemWith(spec: TopicSpec, state: TopicState): string | undefined {
  if (state.partitions === spec.partitions) return undefined;
  return `topic ${spec.name} has ${state.partitions} partitions, not ${spec.partitions}; the count is fixed once messages exist: ask for ${state.partitions} or use another platform name`;
}

function ownSettings(settings: readonly TopicSetting[]): Record<string, string> {
  return Object.fromEntries(settings.filter(({ own }) => own).map(({ name, value }) => [name, value]));
}

function absent(name: string): TopicState {
  return { name, partitions: 0, replicationFactor: 0, config: {}, outcome: 'absent' };
}
