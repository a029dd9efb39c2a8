import {
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  offsetFetchV8,
  syncGroupV5,
  type API,
} from '@platformatic/kafka';
import type { Clock } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { answerOf, brokerErrorOf, isPassing } from './failures.ts';
import {
  ASSIGNOR,
  deal,
  decodeShare,
  decodeSubscription,
  encodeShare,
  encodeSubscription,
  type Share,
} from './group-codec.ts';

const GROUP_KEY = 0;
const PROTOCOL_TYPE = 'consumer';
/** Pause while a coordinator loads or moves, ms. */
const PAUSE_MS = 100;
/** Questions to a coordinator that has just moved, before the caller's own backoff takes over. */
const MAX_TRIES = 10;
/** Beyond the time others may take to join, ms: the coordinator needs a moment of its own. */
const JOIN_MARGIN_MS = 10_000;
/** A heartbeat without an answer counts as missed after this, ms: the next one must still be in time. */
const HEARTBEAT_TIMEOUT_MS = 2_000;
/** Said at most this long on the way out, ms; without it the group waits for the session to end. */
const LEAVE_TIMEOUT_MS = 2_000;

interface Options {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Kafka's `group.instance.id`. */
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

/** One member of a group by Kafka's classic protocol, which every broker from 3.x to 4.x speaks. */
export class GroupSession {
  readonly #options: Options;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  #coordinator: number | undefined;
  #memberId = '';
  #generation = -1;

  constructor(options: Options, deps: { cluster: Cluster; clock: Clock }) {
    this.#options = options;
    this.#cluster = deps.cluster;
    this.#clock = deps.clock;
  }

  /** Empty before the first join, and after the group forgot this member. */
  get memberId(): string {
    return this.#memberId;
  }

  /** Joins (again), waits for the others, and returns this member's share. */
  async join(): Promise<Share> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#joinOnce();
      } catch (error) {
        this.#noteFailure(error);
        const name = brokerErrorOf(error);
        const again =
          name === 'MEMBER_ID_REQUIRED' || name === 'REBALANCE_IN_PROGRESS' || name === 'UNKNOWN_MEMBER_ID';
        if (!again || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** Rejects with `REBALANCE_IN_PROGRESS` when this member has to join again, with others when it is out. */
  async heartbeat(): Promise<void> {
    const { groupId, instanceId } = this.#options;
    await this.#ask(heartbeatV4.api, [groupId, this.#generation, this.#memberId, instanceId], {
      timeoutMs: HEARTBEAT_TIMEOUT_MS,
    });
  }

  /** Commits for the membership that is in force now. */
  async commit(topic: string, partition: number, next: number): Promise<void> {
    const { groupId, instanceId } = this.#options;
    const offset = {
      partitionIndex: partition,
      committedOffset: BigInt(next),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    };
    const topics = [{ name: topic, partitions: [offset] }];
    const member = [groupId, this.#generation, this.#memberId, instanceId] as const;
    // Replicas that are slow hold a commit up; heartbeats do not wait behind it.
    await this.#ask(offsetCommitV8.api, [...member, topics], { lane: 'commit' });
  }

  /** The group's commits; partitions without one are absent. */
  committed(topic: string, partitions: readonly number[]): Promise<Map<number, number>> {
    return this.#patiently(() => this.#committed(topic, partitions));
  }

  /** Forgets the membership: the group has, or must be taken to have. */
  forget(): void {
    this.#memberId = '';
    this.#generation = -1;
  }

  /** Tells the group that this member is gone; a failure only means that others wait longer. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return;
    const { groupId, instanceId } = this.#options;
    const member = { memberId: this.#memberId, groupInstanceId: instanceId, reason: 'stopped' };
    this.forget();
    await this.#ask(leaveGroupV5.api, [groupId, [member]], { timeoutMs: LEAVE_TIMEOUT_MS }).catch(
      () => undefined,
    );
  }

  async #joinOnce(): Promise<Share> {
    const { groupId, topics, instanceId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const joined = await this.#ask(
      joinGroupV9.api,
      [
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        this.#memberId,
        instanceId,
        PROTOCOL_TYPE,
        [{ name: ASSIGNOR, metadata: encodeSubscription(topics) }],
        null,
      ],
      { timeoutMs: rebalanceTimeoutMs + JOIN_MARGIN_MS },
    );
    this.#memberId = joined.memberId ?? '';
    this.#generation = joined.generationId;
    const synced = await this.#ask(
      syncGroupV5.api,
      [
        groupId,
        this.#generation,
        this.#memberId,
        instanceId,
        PROTOCOL_TYPE,
        joined.protocolName ?? ASSIGNOR,
        await this.#shares(joined),
      ],
      { timeoutMs: rebalanceTimeoutMs + JOIN_MARGIN_MS },
    );
    return decodeShare(synced.assignment);
  }

  /** What the leader of the group hands out; the others hand out nothing. */
  async #shares(joined: joinGroupV9.JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    if (joined.leader !== this.#memberId || joined.skipAssignment) return [];
    const members = joined.members.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      instanceId: groupInstanceId ?? null,
      topics: decodeSubscription(metadata),
    }));
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    await this.#cluster.refresh(topics);
    const shares = deal(members, (topic) => this.#partitionsOf(topic));
    return Array.from(shares, ([memberId, share]) => ({ memberId, assignment: encodeShare(share) }));
  }

  #partitionsOf(topic: string): number {
    const view = this.#cluster.topic(topic);
    if (view !== undefined) return view.partitions.length;
    throw new KafkaError(
      'unknown-topic',
      `topic ${topic} does not exist; create it with ensureTopics() first`,
    );
  }

  async #committed(topic: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const { groupId } = this.#options;
    const topics = [{ name: topic, partitionIndexes: [...partitions] }];
    const answer = await this.#ask(offsetFetchV8.api, [
      [{ groupId, memberId: null, memberEpoch: -1, topics }],
      false,
    ]);
    const found = (answer.groups[0]?.topics ?? []).flatMap((entry) => entry.partitions);
    return new Map(
      found
        .filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
    );
  }

  async #patiently<T>(act: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await act();
      } catch (error) {
        this.#noteFailure(error);
        if (!isPassing(error) || tries === MAX_TRIES) throw error;
        await this.#clock.sleep(PAUSE_MS);
      }
    }
  }

  /** One request to the coordinator, which is looked for when it is not known. */
  async #ask<Request extends unknown[], Answer>(
    api: API<Request, Answer>,
    request: Request,
    to: { timeoutMs?: number; lane?: string } = {},
  ): Promise<Answer> {
    const node = await this.#findCoordinator();
    try {
      return await this.#cluster.call({ node, lane: 'group', ...to }, api, request);
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
  }

  async #findCoordinator(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator;
    const { groupId, topics } = this.#options;
    await this.#cluster.refresh(topics);
    const answer = await this.#cluster.call({ lane: 'metadata' }, findCoordinatorV4.api, [
      GROUP_KEY,
      [groupId],
    ]);
    const found = answer.coordinators.find(({ key }) => key === groupId);
    if (found === undefined || found.nodeId < 0)
      throw new KafkaError('unavailable', `no broker coordinates the group ${groupId} at the moment`);
    this.#coordinator = found.nodeId;
    return found.nodeId;
  }

  /** Takes over what an error says about the membership and its coordinator. */
  #noteFailure(error: unknown): void {
    const name = brokerErrorOf(error);
    if (name === undefined || isPassing(error)) this.#coordinator = undefined;
    if (name === 'MEMBER_ID_REQUIRED') {
      const { memberId } = answerOf(error) as { memberId?: string | null };
      this.#memberId = memberId ?? '';
    }
    if (name === 'UNKNOWN_MEMBER_ID' || name === 'ILLEGAL_GENERATION') this.forget();
  }
}
