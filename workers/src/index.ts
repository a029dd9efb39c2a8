// The workers: programs that consume Kafka. What is done with records is in the service folders, how records are consumed in pipeline/.
export type { ChatMessage } from './chat/chat-message.ts';
export type { Refusal, Rule } from './chat/rules.ts';
export { WorkerError, type WorkerErrorCode } from './errors.ts';
export { main } from './main.ts';
export { startWorker, type RunningWorker, type WorkerDeps } from './worker.ts';
