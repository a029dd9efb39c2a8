/**
 * cp1: the contract between clients, gateways and workers. No I/O; runs in browsers. In prose: docs/protocol.
 */
export * from './light.ts';
export * from './capabilities.ts';
export * from './client-frames.ts';
export * from './client-line.ts';
export * from './conformance/hostile-frames.ts';
export * from './control.ts';
export * from './dead-letter.ts';
export * from './events.ts';
export * from './frame.ts';
export * from './gateway-frames.ts';
export * from './http-api.ts';
export * from './log-message.ts';
export * from './partition.ts';
export * from './record.ts';
export * from './trace.ts';
