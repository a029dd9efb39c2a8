import type { GatewayConfig, PlatformNames, RoomOptions } from '@chatplatform/platform';
import type { RecordProducer } from '@chatplatform/kafka';
import type { Receipts as ReceiptStore, Redis } from '@chatplatform/redis';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Logger, Tracer } from '@chatplatform/telemetry';
import type { Host } from './host.ts';
import type { GatewayMetrics } from './admin/gateway-metrics.ts';
import type { Authentication } from './auth/authentication.ts';
import type { LiveSettings } from './live-settings.ts';
import type { EventLog } from './presence/event-log.ts';
import type { Log } from './publish/log.ts';
import type { Signing } from './publish/signing.ts';
import type { HistorySource } from './rooms/history.ts';
import type { Broadcaster } from './server/socket.ts';

/** What the parts of one gateway share. */
export interface Surroundings {
  readonly config: GatewayConfig;
  readonly host: Host;
  /** Name of this life of this gateway; never used twice. */
  readonly incarnation: string;
  readonly topics: PlatformNames['topics'];
  readonly events: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly tracer: Tracer;
  readonly live: LiveSettings;
  readonly authentication: Authentication;
  readonly redis: Redis;
  readonly producer: RecordProducer;
  /** Absent where records are not signed. */
  readonly signing: Signing | undefined;
  readonly broadcaster: Broadcaster;
  readonly optionsOf: (room: string) => RoomOptions;
  /** Undefined until Kafka was reached for the first time. */
  readonly log: () => Log | undefined;
  /** Rejects until the log is known, since its epoch is part of every key. */
  readonly history: HistorySource;
  /** Whether the log has come to a position of it; rejects while the log cannot be asked. */
  readonly isWritten: (position: string) => Promise<boolean>;
  /** The watermarks that belong to the log; throws `RedisError` until it is known. */
  readonly receipts: () => ReceiptStore;
  /** Newest number of a sender that workers have seen in a room; rejects like the history. */
  readonly lastOf: (room: string, sender: string) => Promise<{ n: number; offset: number } | undefined>;
}
