/** Sizes and rates of cp1. The defaults of what is configurable; what a gateway uses is published in `hello.limits`. */
export const Limits = {
  /** Bytes of a frame, also of the first one. 64 KiB holds a large chat message and bounds what a stranger makes us parse. */
  frameBytes: 65_536,
  /** Nesting of `data` and `info`; deeper input is refused so that no later reader can run out of stack. */
  dataDepth: 32,
  /** Bytes of `info` (status text), serialised. */
  infoBytes: 512,
  /** Bytes of a token: identity providers with many groups reach some KiB. */
  tokenBytes: 16_384,
  /** Characters of the key of a value in a latest-value room. */
  keyLength: 128,
  /** Users named in `notify` of one publish. */
  notifyUsers: 50,
  /** Messages in one `sync` or `hist` reply. */
  historyMessages: 200,
  /** Messages of a join that names no `limit`. */
  joinMessages: 50,
  /** Bytes of one reply; a reply with messages is cut there (at least one message) with `more: true`. */
  replyBytes: 262_144,
  /** Users in one `who` reply. */
  whoUsers: 100,
  /** Rooms of one connection. */
  roomsPerConnection: 256,
  /** Connections of one user and device class. */
  connectionsPerUser: 5,
  /** Requests of one connection: tokens per second and burst. */
  requestsPerSecond: 20,
  requestBurst: 40,
  /** `join` and `sync` after a hello have a bucket of their own, one per room that may have to be repaired. */
  recoveryBurst: 256,
  /** Publishes of one user. */
  publishesPerSecond: 10,
  publishBurst: 30,
  /** Requests of one user to the HTTP API: a backend speaks for many people. */
  apiRequestsPerSecond: 50,
  apiRequestBurst: 100,
  /** Publishes into one room. */
  roomPublishesPerSecond: 200,
  /** Publishes of one client and room that wait for the rate before the next one is refused. */
  delayedPublishes: 32,
  /** New connections from one address. */
  connectsPerSecondPerIp: 20,
  /** Violations within a minute that end a connection with 3013. */
  violationsPerMinute: 100,
  /** Members up to which presence differences and receipts are pushed; above only `occ`. */
  smallRoomMembers: 200,
  /** Milliseconds: the first frame must have come. */
  helloTimeoutMs: 5_000,
  /** Milliseconds between pings; NAT boxes and balancers commonly forget a silent flow after 30 s or more. */
  pingMs: 25_000,
  /** Milliseconds of grace after a ping before silence means dead. */
  pongWaitMs: 8_000,
  /** Milliseconds between two `typing` of one client and room. */
  typingIntervalMs: 3_000,
  /** Milliseconds after which a client forgets a typing user. */
  typingExpiryMs: 5_000,
  /** Milliseconds: longest age of a resend that the de-duplication window (24 h) still covers. */
  resendWindowMs: 86_400_000,
} as const;
