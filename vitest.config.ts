import { defineConfig } from 'vitest/config'

/** Rooms of real processes and browsers need both cores of a small machine for themselves: one file after the other. */
const rooms = ['app', 'cli', 'deploy', 'desktop', 'e2e', 'faults', 'gateway', 'namespaces', 'package', 'renderer'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)
rooms.push('test/peer/experiments.test.ts')

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
          exclude: [...rooms, '**/node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'rooms', include: rooms, maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
