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
export type { Kafka, KafkaConfig, KafkaLogger, KafkaSasl, KafkaTls } from './port/kafka.ts';
export type { Appended, OutRecord, ProducerOptions, RecordProducer } from './port/producer.ts';
