import { protocolError, type ErrorCode, type ProtocolError } from '@chatplatform/protocol';

/** A request that gets an error reply; thrown by operations, never leaves the gateway. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly err: ProtocolError;

  /** @param msg what exactly was wrong; the table's cause when left out @param after ms to wait before the next try */
  constructor(code: ErrorCode | ProtocolError, msg?: string, after?: number) {
    const err = typeof code === 'object' ? code : protocolError(code, msg, after);
    super(err.msg);
    this.err = err;
  }
}
