import type { ConformanceRow } from './rows.ts';

/** A test of this repository that proves what cannot be provoked through the door of the clients. */
export interface Proof {
  /** From the root of the repository. */
  readonly file: string;
  /** Name of the test. */
  readonly test: string;
  /** Why no client can provoke it. */
  readonly why: string;
}

const BEYOND = 'gateway/src/beyond-the-door.test.ts';
const withoutRedis: Proof = {
  file: BEYOND,
  test: 'without Redis and the log join, sync, hist, who and set are refused with 114 and a time',
  why: 'only an outage brings it',
};
const withoutKafka: Proof = {
  file: 'gateway/src/degradation.test.ts',
  test: 'without Kafka publishes are refused with a time to try again, and rooms go on',
  why: 'only an outage of Kafka brings it',
};
const defect: Proof = {
  file: BEYOND,
  test: 'a record that is %s gets its error',
  why: 'only a defect brings it',
};
const takenOver: Proof = {
  file: 'gateway/src/session/takeover.test.ts',
  test: 'the old socket takes no publish once the session moved, but acknowledges what the log already had',
  why: 'the old socket is closed as soon as its publishes are acknowledged',
};
const refusedBehindLog: Proof = {
  file: BEYOND,
  test: 'what was refused behind the log is told to its sender alone',
  why: 'only a rule of the operator of the platform brings it',
};
/** Numbers that are kept for later versions: no gateway of this one sends them, and a client honours their range. */
const reserved = (file: string, test: string): Proof => ({
  file,
  test,
  why: 'reserved: no gateway of this version sends it',
});
const closeRange = reserved(
  'packages/client/src/connection/connections.test.ts',
  'close code %i means what its range says',
);

/** Rows that no case covers, with the tests that do. */
export const provenElsewhere: Readonly<Partial<Record<ConformanceRow, Proof>>> = {
  'op:join!114': withoutRedis,
  'op:sync!114': withoutRedis,
  'op:hist!114': withoutRedis,
  'op:who!114': withoutRedis,
  'op:set!114': withoutRedis,
  'op:read!114': {
    file: 'gateway/src/presence/receipts.test.ts',
    test: 'a read is stored when it resolves, told to other services once, and rejected while Redis is away',
    why: 'only an outage of Redis brings it',
  },
  'op:pub!115': takenOver,
  'op:pub!116': { ...defect, why: 'the limit of a frame is below that of a record' },
  'push:rj': refusedBehindLog,
  'push:degraded': withoutKafka,
  'error:100': defect,
  'error:115': takenOver,
  'error:116': { ...defect, why: 'the limit of a frame is below that of a record' },
  'error:118': reserved(
    'packages/protocol/src/conformance/coverage.test.ts',
    'what is reserved is sent by nobody',
  ),
  'close:3001': {
    file: BEYOND,
    test: 'a gateway that stops acknowledges what is under way and closes with 3001',
    why: 'only the end of a gateway brings it',
  },
  'close:3003': { ...closeRange, why: 'only the load of other gateways brings it' },
  'close:3004': {
    file: BEYOND,
    test: 'a defect while a hello is answered closes with 3004',
    why: 'only a defect brings it',
  },
  'close:3010': {
    file: 'gateway/src/recovery/log-watch.test.ts',
    test: 'members are told that nothing can be compared any more, and go on in the new log, without a restart',
    why: 'only a log that was replaced brings it',
  },
  'close:3015': {
    file: BEYOND,
    test: 'while the keys of the identity provider are unknown a hello is put off with 101 and 3015',
    why: 'only an outage of the identity provider brings it',
  },
  'close:3503': closeRange,
  'limit:smallRoomMembers': {
    file: BEYOND,
    test: 'above 200 users in a room presence names nobody',
    why: 'it takes more users than a suite should bring',
  },
  'limit:typingExpiryMs': {
    file: 'packages/client/src/connection/connections.test.ts',
    test: 'tells what is degraded, who is here and who types',
    why: 'it binds the client',
  },
  'rule:room.expired': {
    file: 'gateway/src/recovery/room-scan.test.ts',
    test: 'a log that no longer has the position says expired',
    why: 'only a log that no longer reaches back brings it',
  },
  'rule:latest.whole': {
    file: 'gateway/src/recovery/recovery.test.ts',
    test: 'joins and syncs wait until values that Redis lost are back, and say why; who wants none does not',
    why: 'only a Redis that lost everything brings it',
  },
  'rule:publish.rejected': {
    file: 'workers/src/worker.test.ts',
    test: 'a rule refuses one message',
    why: 'only a rule of the operator of the platform brings it',
  },
  'rule:admission.origin': {
    file: 'gateway/src/server/admission.test.ts',
    test: 'only allowed origins, and whoever has none, come in',
    why: 'it is a setting of the platform',
  },
  'rule:degraded.tell': {
    file: BEYOND,
    test: 'a connection that comes during an outage is told of it behind its hello',
    why: 'only an outage brings it',
  },
  'rule:degraded.publish': withoutKafka,
  'rule:degraded.reads': withoutRedis,
};
