/**
 * Real Kafka and Redis processes for tests and for the platform run as plain processes.
 *
 * Each store is fetched into the cache on first use, listens on ports of its own, keeps its data over `kill9()` and
 * `restart()`, logs to files in its folder, and dies with the program that started it.
 */
export { freePorts } from './free-port.ts';
export { startKafka } from './kafka-store.ts';
export type { Broker, KafkaStore, KafkaStoreOptions, SecuredListener } from './kafka-store.ts';
export { startRedis } from './redis-store.ts';
export type { RedisNode, RedisStore, RedisStoreOptions } from './redis-store.ts';
export { StoreError } from './store-error.ts';
export type { StoreErrorCode } from './store-error.ts';
export { testAuthority } from './test-authority.ts';
export type { TestAuthority, TestCertificate } from './test-authority.ts';
export { StoreProcess } from './store-process.ts';
export type { StoreProcessOptions } from './store-process.ts';
