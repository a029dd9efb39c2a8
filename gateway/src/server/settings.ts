/** Socket limit in bytes; above it uWebSockets closes the connection (the client sees 1006 and resumes). */
export const MAX_BACKPRESSURE_BYTES = 1024 * 1024;

/**
 * Seconds without any inbound frame after which uWebSockets itself gives up. The protocol's own heartbeat
 * (25 s + 8 s) always notices first; this only catches connections that never said hello. uWebSockets aborts
 * the process for 1-7 and for values over 960.
 */
export const IDLE_TIMEOUT_SECONDS = 96;

/** The first frame may be this long whatever the configured limit for later frames is (design of `hello`). */
export const FIRST_FRAME_BYTES = 64 * 1024;

/** Subprotocol of version 1 with JSON lines. */
export const SUBPROTOCOL = 'cp1.json';

/** Prefix of the subprotocol list entry that carries a token: browsers cannot set an Authorization header. */
export const TOKEN_PROTOCOL_PREFIX = 'token.';
