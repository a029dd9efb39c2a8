import { Deferred } from '@chatplatform/runtime';
import type { MemoryLog } from './log.ts';

/** One partition in the hands of one member. */
export interface Tenure {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  /** A rebalance began or the tenure ended: finish soon. */
  stale: boolean;
  /** The group no longer accepts this member's commits here. */
  ended: boolean;
  /** Nothing was committed under this tenure yet. */
  fresh: boolean;
  /** Asked for from outside; until a batch begins there or below. */
  wanted?: number | undefined;
}

/** What a group asks of its members. */
export interface GroupMember {
  readonly topics: readonly string[];
  readonly tenures: Map<string, Tenure>;
  /** Resolves when no batch is being handled. */
  idle(): Promise<void>;
  assigned(tenures: readonly Tenure[]): void;
}

/** A consumer group: eager rebalances like Kafka's classic protocol, partitions dealt in turn. */
export class MemoryGroup {
  readonly id: string;
  readonly #log: MemoryLog;
  /** Members, and what is resolved when one is no longer waited for. */
  readonly #members = new Map<GroupMember, Deferred>();
  #rebalance: Promise<void> = Promise.resolve();

  constructor(id: string, log: MemoryLog) {
    this.id = id;
    this.#log = log;
  }

  join(member: GroupMember): Promise<void> {
    this.#members.set(member, new Deferred());
    return this.#plan();
  }

  leave(member: GroupMember): Promise<void> {
    this.#drop(member);
    return this.#plan();
  }

  /** What a session timeout does: the member is out at once, whatever it is doing. */
  evict(member: GroupMember): Promise<void> {
    this.#drop(member);
    return this.#plan();
  }

  commit(tenure: Tenure, offset: number): boolean {
    if (tenure.ended) return false;
    this.#log.committedBy(this.id).set(`${tenure.topic}/${tenure.partition}`, offset);
    return true;
  }

  committed(topic: string, partition: number): number | undefined {
    return this.#log.committedBy(this.id).get(`${topic}/${partition}`);
  }

  #drop(member: GroupMember): void {
    this.#members.get(member)?.resolve();
    this.#members.delete(member);
    for (const tenure of member.tenures.values()) {
      tenure.stale = true;
      tenure.ended = true;
    }
    member.tenures.clear();
  }

  #plan(): Promise<void> {
    this.#rebalance = this.#rebalance.then(() => this.#run());
    return this.#rebalance;
  }

  async #run(): Promise<void> {
    const waiting = [...this.#members];
    const members = waiting.map(([member]) => member);
    for (const member of members) for (const tenure of member.tenures.values()) tenure.stale = true;
    // One that is put out meanwhile may be dead and never be idle again.
    await Promise.all(waiting.map(([member, out]) => Promise.race([member.idle(), out.promise])));
    const shares = new Map<GroupMember, Tenure[]>(members.map((member) => [member, []]));
    for (const topic of new Set(members.flatMap((member) => member.topics))) {
      const takers = members.filter((member) => member.topics.includes(topic));
      const count = this.#log.topics.get(topic)?.partitions.length ?? 0;
      for (let partition = 0; partition < count; partition += 1) {
        const taker = takers[partition % takers.length] as GroupMember;
        shares.get(taker)?.push(tenureOf(taker, topic, partition));
      }
    }
    for (const [member, share] of shares) {
      // Gone meanwhile: the round that its leaving asked for gives its share to others.
      if (this.#members.has(member)) hand(member, share);
    }
  }
}

let nextTenure = 1;

function tenureOf(member: GroupMember, topic: string, partition: number): Tenure {
  const held = member.tenures.get(`${topic}/${partition}`);
  return {
    id: held?.id ?? nextTenure++,
    topic,
    partition,
    stale: false,
    ended: false,
    fresh: held?.fresh ?? true,
  };
}

function hand(member: GroupMember, share: readonly Tenure[]): void {
  for (const tenure of member.tenures.values()) tenure.ended = true;
  member.tenures.clear();
  for (const tenure of share) member.tenures.set(`${tenure.topic}/${tenure.partition}`, tenure);
  member.assigned(share);
}
