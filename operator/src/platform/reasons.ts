/** Every reason the operator writes into conditions and events. Stable: people build alerts on them. */
export const Reasons = {
  // Ready, Reconciled, Degraded, Progressing, Paused
  ready: 'Ready',
  reconciled: 'Reconciled',
  healthy: 'Healthy',
  stable: 'Stable',
  rollingOut: 'RollingOut',
  paused: 'Paused',
  managed: 'Managed',
  invalidSpec: 'InvalidSpec',
  nameConflict: 'NameConflict',
  fieldImmutable: 'FieldImmutable',
  writeFailed: 'WriteFailed',
  namespaceTerminating: 'NamespaceTerminating',
  // Kafka, topics, Redis
  reachable: 'Reachable',
  unreachable: 'Unreachable',
  connecting: 'Connecting',
  topicsPresent: 'TopicsPresent',
  partitionCountChanged: 'PartitionCountChanged',
  topicMismatch: 'TopicMismatch',
  waitingForKafka: 'WaitingForKafka',
  // Workloads
  allReady: 'AllReady',
  notEnoughReady: 'NotEnoughReady',
  podsFailing: 'PodsFailing',
  complete: 'Complete',
  // Warnings
  nothingToWarn: 'NothingToWarn',
  secretMissing: 'SecretMissing',
  rulesMissing: 'RulesMissing',
  notDurable: 'NotDurable',
  drainShorterThanDeregistration: 'DrainShorterThanDeregistration',
  // Events
  drainStarted: 'DrainStarted',
  gatewayEmptied: 'GatewayEmptied',
  drainDeadline: 'DrainDeadlinePassed',
  teardownStarted: 'TeardownStarted',
  teardownGaveUp: 'TeardownGaveUp',
  pruned: 'Pruned',
} as const;
