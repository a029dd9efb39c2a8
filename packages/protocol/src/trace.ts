/** A W3C traceparent of version 00, the only context a client may hand over. */
export const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
