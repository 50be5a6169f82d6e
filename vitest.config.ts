import { defineConfig } from 'vitest/config'

const testsIn = (folders: readonly string[]): string[] => folders.map((folder) => `test/${folder}/**/*.test.ts`)

/** Rooms of real processes need both cores of a small machine for themselves: one file after the other. */
const rooms = [
  ...testsIn(['e2e', 'faults', 'gateway', 'namespaces']),
  'test/cli/demo.test.ts',
  'test/peer/experiments{,-own,-step}.test.ts',
]
/** The same, looked at from outside: through a browser, a terminal, a package. */
const people = testsIn(['app', 'cli', 'deploy', 'desktop', 'package', 'renderer'])
const oneByOne = { maxWorkers: 1, fileParallelism: false }

export default defineConfig({
  test: {
    // Real processes and a real network share two cores: a deadline only catches a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...rooms, ...people, '**/node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'rooms', include: rooms, ...oneByOne, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'people',
          include: people,
          exclude: [...rooms, '**/node_modules/**'],
          ...oneByOne,
          sequence: { groupOrder: 2 },
          // Deadlines of a browser, a terminal and five peers on shared cores: once more, before it counts. Nothing that is about money
          // or the log is tried twice.
          retry: process.env.CI === undefined ? 0 : 1,
        },
      },
    ],
  },
})
