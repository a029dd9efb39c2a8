// What every program stands on: time, randomness, retries, configuration, life and death of a process.
export { assertNever } from './assert-never.ts';
export { backoff, type Backoff, type BackoffOptions } from './backoff.ts';
export { Breaker, type BreakerOptions, type BreakerState } from './breaker.ts';
export { sleepOn, systemClock, type Clock, type Timer } from './clock.ts';
export { Deferred } from './deferred.ts';
export { RuntimeError, type RuntimeErrorCode } from './errors.ts';
export {
  Lifecycle,
  type LifecycleDeps,
  type LifecycleLog,
  type ShutdownStep,
  type SignalSource,
} from './lifecycle.ts';
export { liveFile, type LiveFile, type LiveFileOptions } from './live-file.ts';
export { GatheringWindow, type GatheringWindowOptions } from './gathering-window.ts';
export { LoadWindow, loopUtilization, type LoadWindowOptions } from './load-window.ts';
export { loadConfig, type ConfigSource } from './load-config.ts';
export { ManualClock } from './manual-clock.ts';
export { MASK, maskSecrets } from './mask-secrets.ts';
export { seededRandom, systemRandom, type Random } from './random.ts';
export { until } from './until.ts';
