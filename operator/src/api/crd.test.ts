import { readFileSync } from 'node:fs';
import { crdChartTemplate, CRD_FILE, crdYaml, customResourceDefinition } from './crd.ts';
import { structural } from './structural-schema.ts';

const committed = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const regenerate = 'run: tools/run operator/src/api/generate.ts';

describe('the generated CRD', () => {
  test(`is the one in crds/ (${regenerate})`, () => {
    expect(committed(`crds/${CRD_FILE}`)).toBe(crdYaml());
  });

  test(`is the one in the chart (${regenerate})`, () => {
    expect(committed('charts/chatplatform-operator/templates/crd.yaml')).toBe(crdChartTemplate());
  });

  test('fits easily into one object of the API server', () => {
    expect(JSON.stringify(customResourceDefinition()).length).toBeLessThan(256 * 1024);
  });

  test('says what to write in every rule', () => {
    const messages = [
      ...JSON.stringify(customResourceDefinition()).matchAll(/"message":"((?:[^"\\]|\\.)*)"/g),
    ].map((match) => match[1] ?? '');
    expect(messages.length).toBeGreaterThan(20);
    for (const message of messages) expect(message).toMatch(/write|create|remove/);
  });
});

describe('a structural schema', () => {
  test.each([
    ['an unbounded string', { type: 'string' }, /no upper bound/],
    ['an unbounded list', { type: 'array', items: { type: 'boolean' } }, /no upper bound/],
    ['an unbounded map', { type: 'object', additionalProperties: { type: 'boolean' } }, /no upper bound/],
    ['a union', { anyOf: [{ type: 'boolean' }] }, /union/],
    ['a reference', { $ref: '#/x' }, /cannot hold "\$ref"/],
  ])('refuses %s', (_, schema, message) => {
    expect(() => structural(schema)).toThrow(message);
  });

  test('drops the bounds that only say "any integer"', () => {
    expect(structural({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER })).toEqual({
      type: 'integer',
      minimum: 0,
    });
  });
});
