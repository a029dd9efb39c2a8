/** A sentence of the page that a gateway has to keep. */
export interface ProtocolRule {
  readonly id: string;
  readonly text: string;
}

const rules = (section: string, entries: Readonly<Record<string, string>>): ProtocolRule[] =>
  Object.entries(entries).map(([name, text]) => ({ id: `${section}.${name}`, text }));

/** The rules of the page by section. Each has an id, and each id has a case of the conformance suite or a proof. */
export const ProtocolRules = {
  frame: rules('frame', {
    text: 'Frames are UTF-8 text. A binary frame closes the socket with 3501.',
    lines:
      'A frame is one or more lines separated by `\\n`; a line is one JSON object. Empty lines between others mean nothing.',
    reply:
      'Every request gets exactly one reply with its `i`: `{"i":7,"<operation>":<body>}` or `{"i":7,"err":<error>}`.',
    order:
      '`join`, `leave`, `sync` and `hist` of a connection are answered in the order they were sent; other replies come when they are ready.',
    'unknown-field': 'Fields nobody knows are ignored, on both sides.',
    'unknown-operation': 'A line with no operation, more than one, or an unknown one gets 104.',
    'bad-field': 'A field that is missing or wrong gets 107, and `msg` names it (`pub.cid: ..`).',
    unanswerable:
      'What cannot be answered (no JSON object, no usable `i`, a notice with a wrong field) closes the socket with 3501.',
    hostile: 'No frame of one client disturbs another one.',
    ping: 'A gateway sends `{}` every `ping` ms, the first after a random part of it; the client answers `{}`. Any inbound frame counts as life; silence for `pongWait` after a ping closes with 3012.',
    bye: 'Before a close frame comes `bye` with the same code, whenever the socket can still take it.',
  }),
  hello: rules('hello', {
    first: 'The first frame is a `hello`; anything else closes with 3501, nothing for 5 s with 3014.',
    'token-first': 'The token is checked before anything else in the frame is looked at.',
    'token-place':
      'The token stands in the frame, in the header `Authorization: Bearer <jwt>`, or in the subprotocol list as `token.<jwt>` beside `cp1.json`. Never in the URL.',
    refused: 'A bad token gets 101 and the close code 3500, one that has ended 109 and 3005.',
    version: 'A client that offers subprotocols without `cp1.json` is closed with 3506.',
    rooms:
      'Each room of `rooms` is answered in the reply: as a reply to `join`, or `{"err":..}`. One that fails does not touch the others.',
    personal: 'Every connection is a member of the personal room `@<user>` without asking.',
    behind:
      'Lines behind the `hello` in its frame, and frames sent before its reply, are handled after it, in order.',
    resume:
      '`resume` keeps the session: `resumed` is true, `sid` is the same, nobody sees a leave. It is worth nothing with the token of another user, and never replaces a token.',
    takeover:
      'A newer socket of a session ends the older one: it takes no more `pub` (115), acknowledges what the log had, and is closed with 3514.',
    again: 'A second `hello` gets 104.',
  }),
  token: rules('token', {
    expiry: 'At `exp` the socket is closed with 3005.',
    refresh: '`refresh` puts `exp` off; a token of another user closes with 3500.',
    caps: 'Rights come from the claim `caps` alone: no pattern that matches means 103.',
    owner: 'On the own personal room a user may join, read and see presence without any claim.',
    stranger:
      'On the personal room of somebody else `join`, `hist` and `who` get 103 unless a pattern that begins with `@` grants `admin`.',
    direct: 'Publishing into a personal room needs a pattern that begins with `@`.',
  }),
  room: rules('room', {
    newest:
      'Without a position a reply to `join` has the newest messages, ascending, and `more` says that older ones exist.',
    resume:
      'With a position it has the first messages after it, and `more` says that newer ones remain up to `head`.',
    beginning:
      'The position `""` is before the first message. `head` of a room without messages is where it begins: `""`, or, after a loss, a position behind which nothing was written. Who comes back with it has missed nothing that is not given.',
    limit: '`limit` 0 gives no messages and the `head`.',
    epoch: 'A position of another log gives the newest messages with `recovered:false` and `reason:"epoch"`.',
    expired:
      'A position that the platform no longer reaches back to gives the newest messages with `recovered:false` and `expired`, `busy` or `unverified`.',
    private: 'Who lacks the right `history` gets no messages without a position.',
    push: 'Reply, pushes behind it and all later pushes are one chain: each `p` is the id of the message before, ids rise.',
    classes: 'Only the classes that were asked for (and `presence` only with the right) are pushed.',
    sync: '`sync` gives the first messages after `from`, at most `max`, and `more` says that newer ones remain.',
    hist: '`hist` gives the newest messages before `before`, ascending, and `more` says that older ones exist.',
    'foreign-position': '`sync` and `hist` with a position of another log get 112.',
    cut: 'A reply is cut at 256 KiB of messages, never below one, with `more:true`.',
    leave: 'After the reply to `leave` nothing of the room is pushed.',
    again: 'A room that is joined gets 105; one that is not gets 102 where the operation needs it.',
  }),
  publish: rules('publish', {
    ack: 'An acknowledgement means that the message is in the log. Its `id`, where it has one, is the id members receive.',
    everybody: 'Every member gets it, also the sender, with the sender’s user id and `cid`.',
    order: 'What one client publishes to one room enters the log in the order it was sent.',
    duplicate: 'A resend (`re`) of what is in the log gets `dup:true` and is delivered once.',
    rising: 'A number that does not rise and carries no `re` gets 107.',
    instance: 'A `cid` that does not begin with the `inst` of the hello gets 107.',
    delayed: 'Over the rate publishes are delayed, up to 32 per client and room; one more gets 111.',
    behind:
      'After one failed with `retry`, all later ones of that client and room get 114 until it, or one before it, comes again with `re`.',
    'too-old': 'A resend with `re` over 24 h that is not known to be in the log gets 119.',
    any: 'Any JSON value may be `data`, unchanged by the way.',
    outside: 'Publishing needs no membership.',
    rejected: 'What is refused after it was logged reaches nobody; its sender gets `rj`.',
  }),
  latest: rules('latest', {
    key: 'In a latest-value room a `pub` without `k` gets 107.',
    push: 'Members get `v` with key, value and position, and no `m`.',
    state:
      'A join gives the newest value of every key as `v` objects; a deleted key has `null` or is missing.',
    whole:
      'While the platform does not have all values (it lost its cache, and is reading its log) a request for them gets 114; one with a `limit` of 0 does not.',
  }),
  presence: rules('presence', {
    join: 'Members of the class `presence` are told by `pr` who came, and who said goodbye (close code 1000, or `leave`), within about a second.',
    grace: 'A connection that is lost is no leave for 10 s, so that a reconnect is not seen.',
    devices: '`who` counts users once and says how many connections each has.',
    paging: '`who` comes in pages of `max`; `next` is the `after` of the next one.',
    info: 'What `set` gave is in `who`.',
    off: 'Where presence is off `who` gets 104 and `occ` is 0.',
    typing:
      '`typing` reaches the others as `ty`; repeated within 3 s it is dropped, `on:false` passes at once.',
  }),
  receipts: rules('receipts', {
    marks:
      '`ack` and `read` are watermarks: the newest message, which includes all before it. A lower one changes nothing. Above all that is written `read` gets 112 and `ack` means nothing.',
    tell: 'Members of the class `receipt` are told by `rc` which watermarks rose, within about a second, and all of them behind a join; not in rooms above 200 users.',
    off: 'Where receipts are off `read` gets 104 and `ack` means nothing.',
  }),
  drain: rules('drain', {
    announce: 'A gateway that will stop sends `drain` with a window, a deadline and a `resume`.',
    closed:
      'Who does not announce `mbb` is closed with 3002 after its acknowledgements; a window stands in `bye.after`.',
    move: 'Who announces `mbb` keeps both sockets until the new one has taken the session over, and nobody sees a leave.',
    upgrade: 'While a gateway drains it answers upgrades with HTTP 503 and `Retry-After`.',
  }),
  admission: rules('admission', {
    address: 'Over the rate of new connections per address an upgrade gets HTTP 429 with `Retry-After`.',
    origin: 'An `Origin` that is not allowed gets HTTP 403.',
    slow: 'Who reads too slowly loses presence, receipts and typing first, then the connection (3008, or 1006 where no close frame gets through).',
  }),
  degraded: rules('degraded', {
    tell: 'Every connection is told by `degraded` when a part stops working and when it works again, a new one behind its hello.',
    publish:
      'While the log takes nothing a `pub` gets 114 with `after`; nothing is acknowledged that is not in the log.',
    reads: 'While history cannot be read `join`, `sync`, `hist` and `who` get 114 with `after`.',
  }),
} as const;
