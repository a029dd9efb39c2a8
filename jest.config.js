// Tiers by file name: x.test.ts (unit), x.it.test.ts (integration), x.full.it.test.ts (integration-full only: the same
// promises at further places), e2e/** (end to end). `tools/run jest --selectProjects unit` runs one tier.
const shared = {
  testEnvironment: 'node',
  testEnvironmentOptions: {
    customExportConditions: ['@chatplatform/source', 'node', 'node-addons'],
  },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.cache/'],
};
const roots = ['operator', 'gateway', 'workers', 'packages', 'bench', 'examples', 'tools'];

export default {
  maxWorkers: 2,
  // What must be fast is measured in bench/; here only what hangs is ended. Property tests take up to 8 s beside a build.
  testTimeout: 60_000,
  workerIdleMemoryLimit: '512MB',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: roots.map((root) => `<rootDir>/${root}/**/*.test.ts`),
      testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.it\\.test\\.ts$'],
    },
    {
      ...shared,
      displayName: 'integration',
      testMatch: roots.map((root) => `<rootDir>/${root}/**/*.it.test.ts`),
      testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.full\\.it\\.test\\.ts$'],
    },
    {
      ...shared,
      displayName: 'integration-full',
      testMatch: roots.map((root) => `<rootDir>/${root}/**/*.it.test.ts`),
      testPathIgnorePatterns: ['/node_modules/', '/dist/'],
    },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: ['<rootDir>/e2e/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '/dist/', '/e2e/src/features/'],
    },
    {
      ...shared,
      displayName: 'e2e-features',
      testMatch: ['<rootDir>/e2e/src/features/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '/dist/'],
    },
  ],
};
