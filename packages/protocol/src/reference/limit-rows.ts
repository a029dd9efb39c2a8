/** One row of the table of limits. */
export interface LimitRow {
  readonly unit: string;
  readonly what: string;
  /** What happens beyond it. */
  readonly beyond: string;
  /** Where a client reads the value in force; absent = it is fixed. */
  readonly published?: string;
}

/** What each limit is about and what happens beyond it. The numbers are those of `Limits`. */
export const LimitRows: Readonly<Record<string, LimitRow>> = {
  frameBytes: {
    unit: 'bytes',
    what: 'of a frame',
    beyond: 'the WebSocket is closed (1009 or 1006; a first frame: 3501)',
    published: 'frameBytes',
  },
  dataDepth: { unit: 'levels', what: 'of arrays and objects in `data` and `info`', beyond: '107' },
  infoBytes: { unit: 'bytes', what: 'of `info`, as JSON', beyond: '107' },
  tokenBytes: { unit: 'characters', what: 'of a token', beyond: '107, in a hello 3500' },
  keyLength: { unit: 'characters', what: 'of `k`', beyond: '107' },
  notifyUsers: { unit: 'users', what: 'in `notify`', beyond: '107' },
  historyMessages: {
    unit: 'messages',
    what: 'in one reply to `join` with a position, `sync`, `hist`',
    beyond: '107 for a larger `max` or `limit`; `more` says that some remain',
  },
  joinMessages: {
    unit: 'messages',
    what: 'in a reply to `join` without `limit` and position',
    beyond: '`more` says that older ones exist',
  },
  replyBytes: {
    unit: 'bytes',
    what: 'of messages in one reply, the whole reply to `hello` counting as one',
    beyond: 'it is cut, never below one message, with `more`',
  },
  whoUsers: {
    unit: 'users',
    what: 'in one reply to `who`',
    beyond: '107 for a larger `max`; `next` gives the rest',
  },
  roomsPerConnection: { unit: 'rooms', what: 'of one connection', beyond: '106', published: 'rooms' },
  connectionsPerUser: {
    unit: 'connections',
    what: 'of one user, on all gateways',
    beyond: 'close 3504',
    published: 'connections',
  },
  requestsPerSecond: {
    unit: 'requests per second',
    what: 'of one connection, `pub` not counted',
    beyond: '111 with `after`',
    published: 'requestsPerSecond',
  },
  requestBurst: { unit: 'requests', what: 'at once', beyond: '111 with `after`', published: 'requestBurst' },
  recoveryBurst: {
    unit: 'requests',
    what: '`join` and `sync` beyond the rate, once per connection',
    beyond: '111 with `after`',
    published: 'recoveryBurst',
  },
  publishesPerSecond: {
    unit: 'publishes per second',
    what: 'of one user',
    beyond: 'delayed',
    published: 'publishesPerSecond',
  },
  publishBurst: {
    unit: 'publishes',
    what: 'of one user at once',
    beyond: 'delayed',
    published: 'publishBurst',
  },
  roomPublishesPerSecond: {
    unit: 'publishes per second',
    what: 'into one room',
    beyond: 'delayed',
    published: 'roomPublishesPerSecond',
  },
  delayedPublishes: {
    unit: 'publishes',
    what: 'of one client and room that wait for the rate',
    beyond: '111, and 114 for all later ones until it comes again with `re`',
  },
  connectsPerSecondPerIp: {
    unit: 'connections per second',
    what: 'from one address',
    beyond: 'HTTP 429 with `Retry-After`',
  },
  violationsPerMinute: { unit: 'refusals by rate', what: 'within a minute', beyond: 'close 3013' },
  smallRoomMembers: {
    unit: 'users',
    what: 'in a room up to which `pr` names them and `rc` is sent',
    beyond: 'only `occ`',
  },
  helloTimeoutMs: { unit: 'ms', what: 'until the first frame', beyond: 'close 3014' },
  pingMs: { unit: 'ms', what: 'between pings', beyond: '-', published: 'ping' },
  pongWaitMs: { unit: 'ms', what: 'of silence after a ping', beyond: 'close 3012', published: 'pongWait' },
  typingIntervalMs: {
    unit: 'ms',
    what: 'between two `typing` with `on` of one client and room',
    beyond: 'dropped',
  },
  typingExpiryMs: { unit: 'ms', what: 'after which a client forgets a typing user', beyond: '-' },
  apiRequestsPerSecond: {
    unit: 'requests per second',
    what: 'of one user to the HTTP API',
    beyond: 'HTTP 429',
  },
  apiRequestBurst: { unit: 'requests', what: 'of one user to the HTTP API at once', beyond: 'HTTP 429' },
  resendWindowMs: {
    unit: 'ms',
    what: 'age of a resend that is still recognised',
    beyond: '119, unless it is found',
  },
};
