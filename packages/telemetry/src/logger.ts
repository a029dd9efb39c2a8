import pino from 'pino';
import { MASK } from '@chatplatform/runtime';

/** Least to most quiet. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** One line of JSON per call. An `err` field is written with its stack and causes. */
export interface LogMethod {
  (message: string): void;
  (fields: object, message?: string): void;
}

/** What components are given to log with. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that writes `fields` on every line: one per component, never one per connection. */
  child(fields: object): Logger;
  /** May be set while running; children made earlier keep their own level. */
  level: LogLevel;
}

export interface LoggerOptions {
  /** The program or part, on every line. */
  readonly name: string;
  readonly level: LogLevel;
  readonly fields?: object;
  /** Where lines go; standard output when absent. */
  readonly destination?: { write(line: string): void };
}

/** Fields that must never reach a log, wherever somebody puts them. */
const SECRET_PATHS = [
  'token',
  '*.token',
  'password',
  '*.password',
  'secret',
  '*.secret',
  'authorization',
  '*.authorization',
];

/** A JSON logger (pino): time in ISO 8601, level as a word, secrets masked. */
export function createLogger(options: LoggerOptions): Logger {
  const settings: pino.LoggerOptions = {
    name: options.name,
    level: options.level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorFields },
    redact: { paths: SECRET_PATHS, censor: MASK },
    base: { ...options.fields },
  };
  // Written synchronously: the last lines before an exit are the ones that explain it.
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  return pino(settings, destination) as unknown as Logger;
}

/** pino puts the causes into the message too, where ours says them already; the stack names them all. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return { ...pino.stdSerializers.err(error), message: error.message };
}

/**
 * Swallows everything; for tests that do not look at logs. It and its children stay silent whatever level they are
 * given: programs set the one of their settings.
 */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
  get level(): LogLevel {
    return 'silent';
  },
  set level(_level: LogLevel) {
    // Shared by everybody: one that could be made audible would be so for all.
  },
};
