/** Where Redis is and how to log in. Exactly one of `url` and `endpoints` is given. */
export interface RedisConfig {
  /** `redis://host:port` or `rediss://host:port` (TLS). */
  readonly url?: string | undefined;
  /** `host:port` of some nodes; a cluster finds the others from them. */
  readonly endpoints?: readonly string[] | undefined;
  /** Redis Cluster instead of one server. */
  readonly cluster: boolean;
  /** TLS; `true` takes the system's authorities. */
  readonly tls?:
    | boolean
    | { readonly ca?: string | undefined; readonly rejectUnauthorized?: boolean | undefined }
    | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}
