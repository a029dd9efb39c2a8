/** A request to the HTTP API, read completely. Only this folder knows the library behind it. */
export interface HttpRequest extends HttpHead {
  readonly body: Buffer;
}

/** What is known of a request before its body is read. */
export interface HttpHead {
  /** In upper case. */
  readonly method: string;
  /** Without the query, as it was sent (percent-encoded). */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Address of the client, seen through trusted proxies. */
  readonly remoteAddress: string;
}

/** The answer to a request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: an answer without a body. */
  readonly body: string;
}

/** What serves the paths that are no WebSocket. */
export interface HttpService {
  /** Bytes of the longest body. */
  maxBodyBytes(): number;
  /** Asked before the body is read; an answer refuses the request. `tooLarge`: the head announces more than the longest body. */
  refuse(head: HttpHead, tooLarge: boolean): HttpAnswer | undefined;
  /** Never rejects. */
  handle(request: HttpRequest): Promise<HttpAnswer>;
}
