import type { InRecord, OutRecord } from '@chatplatform/kafka';
import { encodeAccepted, formatPosition, isRoomName, isUserId, parseCid } from '@chatplatform/protocol';
import { eventRecord, recordOf, type EventTopic } from '../events.ts';
import type { Poison } from '../pipeline/dead-letters.ts';
import type { AppendedMessage } from './room-appender.ts';
import type { Refused } from './rules.ts';

/** Code of `bad request`: what a sender of a bad record is told. */
const BAD_RECORD = 107;
/** As the codec of records demands them, so that nothing else reaches a channel name. */
const ROUTE_FORM = /^[A-Za-z0-9_.-]{1,128}$/;

/** Something the sender of a record is told. */
export interface Rejection {
  readonly room: string;
  readonly id: string;
  readonly user: string | undefined;
  readonly cid: string;
  readonly code: number;
  readonly msg: string;
  /** Log time, ms. */
  readonly at: number;
  /** Where the sender is; absent for producers that are no gateways. */
  readonly gateway: string | undefined;
  readonly sid: string | undefined;
}

/** The rejection of a refused message. */
export function rejectionOf({ message, refusal }: Refused): Rejection {
  const { room, id, user, cid, ts: at, gateway, sid } = message;
  return { room, id, user, cid: cid.text, ...refusal, at, gateway, sid };
}

/** The rejection of a record that could not be processed; `undefined` when it does not say who sent what where. */
export function rejectionOfPoison({ record, message }: Poison, epoch: string): Rejection | undefined {
  const { key: room, headers, partition, offset, timestamp: at } = record;
  const cid = headers['cid'];
  if (room === null || !isRoomName(room) || cid === undefined || parseCid(cid) === undefined)
    return undefined;
  const id = formatPosition(epoch, partition, offset);
  const sender = senderOf(record);
  return { room, id, cid, code: BAD_RECORD, msg: message, at, ...sender };
}

function senderOf({ headers }: InRecord): Pick<Rejection, 'user' | 'gateway' | 'sid'> {
  const { u, gw, sid } = headers;
  const routed = gw !== undefined && sid !== undefined && ROUTE_FORM.test(gw) && ROUTE_FORM.test(sid);
  return {
    user: u !== undefined && isUserId(u) ? u : undefined,
    gateway: routed ? gw : undefined,
    sid: routed ? sid : undefined,
  };
}

/** The record of `<p>.events` for an accepted message. */
export function acceptedEvent({ message, verdict }: AppendedMessage, to: EventTopic): OutRecord {
  const { room, id, user, cid, ts: at, json: data, k, notify, tp } = message;
  return recordOf(
    encodeAccepted({ room, id, p: verdict.p, user, cid: cid.text, at, data, k, notify, tp }),
    to,
  );
}

/** The record of `<p>.events` for a rejection; `undefined` when no user is known. */
export function rejectedEvent(rejection: Rejection, to: EventTopic): OutRecord | undefined {
  const { room, id, user, cid, at, code, msg } = rejection;
  return user === undefined
    ? undefined
    : eventRecord({ type: 'message.rejected', room, id, user, cid, at, code, msg }, to);
}
