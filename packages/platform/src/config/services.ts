import { z } from 'zod';

/** What a worker does. Each service has a consumer group or a lock of its own, so they may run apart. */
export const ServiceName = z.enum(['chat', 'notifications', 'presence']);

/** How records of the message log are signed and checked. */
export const SigningConfig = z.object({
  /** File of the keys, watched. */
  keysFile: z.string(),
  /** Whether a record without a signature is refused too. */
  required: z.boolean().default(true),
});

/** An endpoint that is told about messages to people who are not connected. */
export const WebhookConfig = z.object({
  /** Names its consumer group; what was sent is remembered by it. */
  name: z.string().min(1),
  url: z.string(),
  /** File with the text that signs the requests, read again when it changes. */
  secretFile: z.string(),
  timeoutSeconds: z.int().min(1).max(30).default(5),
});
/** Output of the schema of the same name. */
export type WebhookConfig = z.output<typeof WebhookConfig>;
