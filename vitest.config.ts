import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes and a real network share two cores: a deadline only catches a hang.
    testTimeout: 120_000,
    // Two at a time also on two cores: most of what they do is to wait for each other.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    hookTimeout: 120_000,
  },
})
