import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes and a real network share two cores: a deadline only catches a hang.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
