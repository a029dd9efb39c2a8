/** The only code that knows the Kubernetes API: everything above works with plain manifests and keys. */
export { canonical, hashOf } from './applied-state.ts';
export { type Applier, createApplier } from './applier.ts';
export { type KubeClient, kubeClient } from './client.ts';
export { isKubeError, KubeError } from './errors.ts';
export { createEventRecorder, type EventNote, type EventRecorder } from './events.ts';
export {
  DEFAULT_TIMING,
  type LeaderTiming,
  startLeaderElection,
} from './leader-election.ts';
export { type Reflector, startReflector } from './reflector.ts';
export {
  keyOf,
  type KubeObject,
  type OwnerReference,
  resourceOf,
  Resources,
  type ResourceType,
} from './resource.ts';
export { defaultTransport, type Transport } from './transport.ts';
export { WorkQueue } from './work-queue.ts';
