/** What a span knows when it begins. */
export interface SpanStart {
  /** W3C traceparent of what it follows from; absent = a new trace, which is drawn by the share that is sampled. */
  readonly parent?: string | undefined;
  readonly kind: 'producer' | 'consumer';
  /** Named by the semantic conventions of OpenTelemetry where these have a name. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** A part of a message's way that is being recorded. */
export interface MessageSpan {
  /** W3C traceparent for what follows from this span. */
  readonly traceparent: string;
  /** Ends it now; `failure` is a short name without any value of a user. */
  end(outcome?: {
    readonly attributes?: Readonly<Record<string, string | number>>;
    readonly failure?: string | undefined;
  }): void;
}

/** Records the way of messages. */
export interface Tracer {
  /** False = nothing is recorded, and nothing should be done for a span: ask before making its attributes. */
  readonly on: boolean;
  /** Undefined where this trace is not recorded: not drawn, or whoever began it does not record it. */
  begin(name: string, start: SpanStart): MessageSpan | undefined;
}

/** Records nothing. */
export const noTracer: Tracer = { on: false, begin: () => undefined };
