export const mutationNames: readonly string[] = []
export function applyMutation(_name: string): void {}
