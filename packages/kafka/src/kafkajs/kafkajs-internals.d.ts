/** The one internal of kafkajs that is patched; its version is pinned exactly. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface RequestQueueInternals {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  }
  const RequestQueue: { readonly prototype: RequestQueueInternals };
  export default RequestQueue;
}
