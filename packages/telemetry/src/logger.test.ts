import { jest } from '@jest/globals';
import { createLogger, silentLogger } from './index.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    name: 'gateway',
    level: 'info',
    fields: { incarnation: 'g1' },
    destination: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  return { lines, logger };
}

test('a line is JSON with name, level as a word, time, own fields and those of the child', () => {
  const { lines, logger } = capture();
  logger.child({ part: 'drain' }).info({ moved: 3 }, 'moving');
  expect(lines[0]).toMatchObject({
    level: 'info',
    name: 'gateway',
    incarnation: 'g1',
    part: 'drain',
    moved: 3,
    msg: 'moving',
  });
  expect(String(lines[0]?.['time'])).toMatch(/^\d{4}-.*Z$/);
});

test('an error is written with its code, stack and cause; a secret is not', () => {
  const { lines, logger } = capture();
  logger.error(
    { err: new Error('outer', { cause: new Error('inner') }), auth: { token: 'eyJ' }, token: 'x' },
    'failed',
  );
  const text = JSON.stringify(lines[0]);
  expect(lines[0]?.['err']).toMatchObject({ message: 'outer' });
  expect(text).toContain('outer');
  expect(text).toContain('inner');
  expect(lines[0]).toMatchObject({ token: '***', auth: { token: '***' } });
});

test('the level can change while running', () => {
  const { lines, logger } = capture();
  logger.debug('unseen');
  logger.level = 'debug';
  logger.debug('seen');
  expect(lines.map((line) => line['msg'])).toEqual(['seen']);
});

test('the silent logger stays silent, whatever level a program sets it or its children to', () => {
  const write = jest.spyOn(process.stdout, 'write');
  const child = silentLogger.child({ incarnation: 'g1' });
  child.level = 'debug';
  child.error('unheard');
  child.child({ part: 'x' }).warn({ a: 1 }, 'unheard');
  expect(child.level).toBe('silent');
  expect(write).not.toHaveBeenCalled();
  write.mockRestore();
});
