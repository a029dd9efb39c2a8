import type { Logger } from '@chatplatform/telemetry';
import type { Journal } from './journal.ts';
import type { SimProcess } from './sim-process.ts';

/** The log of a simulated process: lines of the journal, with simulated time. */
export function simLogger(process: SimProcess, journal: Journal): Logger {
  const at =
    (level: string) =>
    (first: object | string, text = ''): void => {
      const message = typeof first === 'string' ? first : `${text} ${detail(first)}`;
      journal.note(process.clock.monotonic(), `${process.name} ${level}`, message);
    };
  const logger: Logger = {
    level: 'info',
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('ERROR'),
    child: () => logger,
  };
  return logger;
}

function detail(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`)
    .join(' ');
}
