/**
 * The ChatPlatform resource and what follows from it without doing anything: names, topics, and the
 * configuration of the programs. Operator and `chatctl` both use it, so they cannot disagree.
 */
export { PlatformError, type PlatformErrorCode } from './errors.ts';
export { names, type PlatformNames } from './names.ts';
export {
  API_VERSION,
  ChatPlatform,
  GROUP,
  KIND,
  parseChatPlatform,
  PLURAL,
  VERSION,
} from './v1alpha1/chat-platform.ts';
export { ChatPlatformSpec, type ChatPlatformSpecInput } from './v1alpha1/spec.ts';
export {
  ChatPlatformStatus,
  CONDITION_TYPES,
  Condition,
  type ConditionType,
  GatewayDrain,
} from './v1alpha1/status.ts';
export type { Resources } from './v1alpha1/values.ts';
export { Limits } from './v1alpha1/limits.ts';
export {
  KafkaConnection,
  LogLevel,
  RedisConnectionConfig,
  RoomOptions,
  roomOptions,
} from './config/connections.ts';
export { GatewayConfig, type GatewayConfigInput, GatewayLive } from './config/gateway-config.ts';
export { WorkerConfig, type WorkerConfigInput } from './config/worker-config.ts';
export {
  gatewayConfig,
  gatewayLive,
  isSigned,
  type Surroundings,
  workerConfig,
} from './config/from-spec.ts';
export { ServiceName, WebhookConfig } from './config/services.ts';
export { topicPlans, type TopicPlan } from './config/topics.ts';
