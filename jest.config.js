/**
 * Three projects. `unit`: no server of ours but in-process ones. `integration`: one real PostgreSQL and one real Temporal
 * server, started once by the global setup; their addresses are in DATABASE_URL and TEMPORAL_ADDRESS; also what computes for
 * many seconds, so that `npm run check` stays short. `long`: the same
 * servers for `npm run test:long`, tests that take minutes each.
 */
const shared = {
  rootDir: __dirname,
  setupFilesAfterEnv: ['<rootDir>/test/support/time-limit.ts'],
  transform: { '\\.ts$': '@swc/jest' },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/out/', '/.everframe/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.everframe/'],
};

const onRealServers = {
  ...shared,
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

module.exports = {
  maxWorkers: '50%',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '\\.(integration|long)\\.test\\.ts$'],
    },
    {
      ...onRealServers,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.integration.test.ts'],
    },
    {
      ...onRealServers,
      displayName: 'long',
      testMatch: ['<rootDir>/test/**/*.long.test.ts'],
    },
  ],
};
