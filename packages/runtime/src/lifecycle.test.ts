import { EventEmitter } from 'node:events';
import { Lifecycle, ManualClock } from './index.ts';

function newLifecycle() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const exits: number[] = [];
  const log = {
    info: (_: object, message: string) => void lines.push(message),
    error: (fields: object, message: string) =>
      void lines.push(`${message} ${(fields as { step?: string }).step ?? ''}`.trim()),
  };
  const lifecycle = new Lifecycle({ log, clock, exit: (code) => void exits.push(code) });
  const signals = new EventEmitter();
  lifecycle.install(signals);
  return { clock, lines, exits, lifecycle, signals };
}

test('SIGTERM runs the steps in order, past one that fails and one that hangs, and exits 0', async () => {
  const { clock, lines, exits, lifecycle, signals } = newLifecycle();
  const ran: string[] = [];
  lifecycle.add({ name: 'drain', deadlineMs: 100, run: () => new Promise(() => ran.push('drain')) });
  lifecycle.add({
    name: 'flush',
    deadlineMs: 100,
    run: () => {
      ran.push('flush');
      throw new Error('broker gone');
    },
  });
  lifecycle.add({ name: 'close', deadlineMs: 100, run: (reason) => void ran.push(`close ${reason}`) });
  signals.emit('SIGTERM');
  signals.emit('SIGTERM');
  await clock.advance(100);
  expect(ran).toEqual(['drain', 'flush', 'close SIGTERM']);
  expect(lines).toEqual([
    'stopping',
    'shutdown step passed its deadline drain',
    'shutdown step failed flush',
    'stopped',
  ]);
  expect(exits[0]).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('a second SIGINT ends at once', () => {
  const { exits, lifecycle, signals } = newLifecycle();
  lifecycle.add({ name: 'hang', deadlineMs: 1e6, run: () => new Promise(() => undefined) });
  signals.emit('SIGINT');
  signals.emit('SIGINT');
  expect(exits).toEqual([130]);
});

test('an unhandled rejection is logged and exits 1', () => {
  const { exits, lines, signals } = newLifecycle();
  signals.emit('unhandledRejection', new Error('forgotten'));
  expect(lines).toEqual(['unhandled rejection, exiting']);
  expect(exits).toEqual([1]);
});
