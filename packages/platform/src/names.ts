/** Everything outside Kubernetes that is named after a platform: topics, groups, Redis keys. */
export interface PlatformNames {
  /** `<namespace>.<name>`: two platforms on one Kafka or Redis never meet. */
  readonly prefix: string;
  readonly topics: {
    readonly messages: string;
    readonly events: string;
    readonly deadLetters: string;
    readonly control: string;
  };
  /** Notifications: followed by a dot and the name of the webhook. */
  readonly groups: { readonly chat: string; readonly notifications: string };
  /** Prepended to every Redis key and channel; ends in a colon. */
  readonly redisPrefix: string;
}

/**
 * Names derived from a platform's namespace and name. Pure; both parts are Kubernetes names, so no
 * part holds a character that Kafka or Redis would treat specially (a dot in neither of them).
 */
export function names(namespace: string, name: string): PlatformNames {
  const prefix = `${namespace}.${name}`;
  return {
    prefix,
    topics: {
      messages: `${prefix}.messages`,
      events: `${prefix}.events`,
      deadLetters: `${prefix}.dead-letters`,
      control: `${prefix}.control`,
    },
    groups: { chat: `${prefix}.chat`, notifications: `${prefix}.notifications` },
    redisPrefix: `${prefix}:`,
  };
}
