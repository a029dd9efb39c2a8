/** Closed set of what can go wrong between operator and API server. */
export type KubeErrorCode =
  | 'not-found'
  | 'conflict'
  | 'already-exists'
  | 'gone'
  | 'invalid'
  | 'forbidden'
  /** The namespace is being deleted: nothing can be created in it any more, and nothing has to be. */
  | 'terminating'
  | 'too-many-requests'
  | 'server'
  | 'network'
  | 'not-leader'
  | 'name-conflict';

const RETRYABLE: ReadonlySet<KubeErrorCode> = new Set([
  'conflict',
  'gone',
  'too-many-requests',
  'server',
  'network',
  'forbidden',
]);

/** A failed call. `invalid` (422) is not retryable: the same object is refused again. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  /** Seconds the server asks to wait, if it does. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: KubeErrorCode,
    message: string,
    details: { status?: number; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status ?? 0;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

/** Whether `error` is a KubeError with this code. */
export function isKubeError(error: unknown, code: KubeErrorCode): boolean {
  return error instanceof KubeError && error.code === code;
}

const CODES: Readonly<Record<number, KubeErrorCode>> = {
  401: 'forbidden',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  410: 'gone',
  422: 'invalid',
  429: 'too-many-requests',
};

interface StatusAnswer {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string }[] };
}

/** The error of a Kubernetes `Status` answer; `what` names the call. */
export function errorOfStatus(status: number, body: unknown, what: string, retryAfter?: string): KubeError {
  const answer = (typeof body === 'object' && body !== null ? body : {}) as StatusAnswer;
  const seconds = Number(retryAfter);
  return new KubeError(codeOf(status, answer), `${what}: ${answer.message ?? `HTTP ${status}`}`, {
    status,
    ...(Number.isFinite(seconds) && retryAfter !== undefined ? { retryAfterSeconds: seconds } : {}),
  });
}

function codeOf(status: number, { reason, details }: StatusAnswer): KubeErrorCode {
  if (reason === 'AlreadyExists') return 'already-exists';
  if (details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating')) return 'terminating';
  return CODES[status] ?? (status === 400 ? 'invalid' : 'server');
}
