// Real parts for tests, and the checker that judges what clients saw.
export * from './checker/index.ts';
export * from './platform/index.ts';
export * from './stores/index.ts';
