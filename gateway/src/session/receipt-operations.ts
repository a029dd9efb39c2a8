import type { RoomOptions } from '@chatplatform/platform';
import { BEGINNING, type OperationBodies, type Position } from '@chatplatform/protocol';
import type { Receipts } from '../presence/receipts.ts';
import type { Log } from '../publish/log.ts';
import { isOfLog } from '../rooms/catch-up.ts';
import type { CompletedJoin } from '../rooms/joiner.ts';
import { demandJoined, NO_BODY, type Handlers } from './operations.ts';
import { Refused } from './refused.ts';
import { demandLog, reachable } from './room-reads.ts';
import type { Session } from './session.ts';

/** What the operations on receipts work with. */
export interface ReceiptOperationsOptions {
  receipts: Receipts;
  optionsOf: (room: string) => RoomOptions;
  log: () => Log | undefined;
  /** Whether the log has come to a position; rejects while that cannot be told. */
  isWritten: (position: Position) => Promise<boolean>;
  /** The newest message of a room with members here that they were given; undefined before the first. */
  newestOf: (room: string) => Position | undefined;
}

/** The handlers of `ack` and `read`. */
export function receiptOperations(options: ReceiptOperationsOptions): Pick<Handlers, 'ack' | 'read'> {
  return {
    ack: (session, body) => acknowledge(session, body, options),
    read: async (session, { r }) => {
      const positions = Object.entries(r);
      for (const [room, position] of positions) demandReceipts(session, { room, position }, options);
      await demandWritten(positions, options);
      const { user } = session;
      const stored = positions.map(([room, position]) => options.receipts.read(room, user, position));
      await reachable(Promise.all(stored));
      return NO_BODY;
    },
  };
}

type Positions = readonly (readonly [room: string, position: Position])[];

/**
 * Those above all that is written. What this gateway has not come to yet may have been read over another one, or be an
 * own message that no worker has come to: then the log decides.
 */
async function unwritten(
  positions: Positions,
  { isWritten, newestOf }: ReceiptOperationsOptions,
): Promise<Positions> {
  const ahead = positions.filter(([room, position]) => position > (newestOf(room) ?? BEGINNING));
  const written = await Promise.all(ahead.map(([, position]) => isWritten(position)));
  return ahead.filter((_, at) => written[at] === false);
}

/** Such a watermark would count messages as read that are still to be written. */
async function demandWritten(positions: Positions, options: ReceiptOperationsOptions): Promise<void> {
  const [first] = await reachable(unwritten(positions, options));
  if (first !== undefined)
    throw new Refused(112, `the position lies above everything written in ${first[0]}`);
}

/** Nobody waits for an answer: what cannot be a watermark is left aside. */
function acknowledge(
  session: Session,
  { r }: OperationBodies['ack'],
  options: ReceiptOperationsOptions,
): void {
  const { receipts, optionsOf, log, newestOf } = options;
  const ahead: (readonly [string, Position])[] = [];
  for (const [room, position] of Object.entries(r)) {
    const prefix = log()?.prefixOf(room);
    const counts = session.rooms.has(room) && optionsOf(room).receipts;
    if (!counts || prefix === undefined || !isOfLog(position, prefix)) continue;
    if (position <= (newestOf(room) ?? BEGINNING)) receipts.delivered(room, session.user, position);
    else ahead.push([room, position]);
  }
  if (ahead.length > 0) void acknowledgeLater(session, ahead, options);
}

/** Never rejects: while the log cannot be asked an acknowledgement is forgotten, and the next one says more. */
async function acknowledgeLater(
  session: Session,
  ahead: Positions,
  options: ReceiptOperationsOptions,
): Promise<void> {
  try {
    const not = new Set(await unwritten(ahead, options));
    for (const entry of ahead) {
      if (!not.has(entry)) options.receipts.delivered(entry[0], session.user, entry[1]);
    }
  } catch {
    // The client was told that it is away.
  }
}

function demandReceipts(
  session: Session,
  { room, position }: { room: string; position: string },
  { optionsOf, log }: ReceiptOperationsOptions,
): void {
  demandJoined(session, room);
  if (!optionsOf(room).receipts) throw new Refused(104, 'receipts are not enabled for this namespace');
  demandLog(position, log()?.prefixOf(room));
}

/** Pushes the watermarks of rooms just joined to a member that asks for receipts: right behind the reply, as soon as they are read. */
export function pushReceipts(receipts: Receipts, session: Session, done: readonly CompletedJoin[]): void {
  for (const { room } of done) {
    // Where nothing was ever said nothing was read: that is so in most personal rooms.
    if (room.last === BEGINNING) continue;
    if (session.rooms.get(room.name)?.includes('receipt') !== true) continue;
    void receipts.current(room.name).then((frame) => {
      if (frame !== undefined) session.socket.send(frame);
    });
  }
}
