import type { Command } from './command.ts'
export const demo: Command = { name: 'demo', summary: 'x', operands: [], options: [], examples: [], run: async () => 0 }
