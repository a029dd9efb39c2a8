export { KafkaError, type KafkaErrorCode } from './errors.ts';
export type { KafkaAdmin, PartitionLag, TopicSpec, TopicState } from './port/admin.ts';
export type {
  BatchResult,
  ConsumeOptions,
  ConsumerOptions,
  InRecord,
  PartitionConsumer,
  RecordBatch,
} from './port/consumer.ts';
export { currentEpoch } from './control/epoch.ts';
export type { LogBounds, LogPiece, LogPlace, LogRange, LogReader, RangeReader } from './port/log-reader.ts';
export type { Kafka, KafkaConfig, KafkaLogger, KafkaSasl, KafkaTls } from './port/kafka.ts';
export { Rewinds, type Rewind } from './port/rewinds.ts';
export type { Appended, OutRecord, ProducerOptions, RecordProducer } from './port/producer.ts';
export type { MemoryConsumer } from './memory/consumer.ts';
export type { MemoryFaults } from './memory/faults.ts';
export { memoryKafka, type MemoryKafka, type MemoryKafkaOptions } from './memory/kafka.ts';
export type { ProduceTransport, Slice, SliceResult } from './produce/transport.ts';
export { connectKafka } from './kafkajs/connect.ts';
export type { KafkaDeps } from './kafka-deps.ts';
export { openKafka } from './open-kafka.ts';
export {
  SIGNATURE_HEADER,
  signer,
  verifier,
  type Sign,
  type SignatureVerdict,
  type SigningKeys,
} from './signature/signature.ts';
export type { SignedRecord } from './signature/canonical.ts';
export { readSigningKeys, watchSigningKeys, type WatchedKeys } from './signature/keys-file.ts';
export { readKafkaConfig, type KafkaConnectionFiles } from './config-files.ts';
