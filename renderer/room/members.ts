import type { StatusView } from '../../src/api/views.ts'

type Sight = Pick<StatusView, 'self' | 'members' | 'reachable'>

export const isHere = ({ self, reachable }: Sight, member: string): boolean => member === self || reachable.includes(member)

/** How many members can be reached, this peer among them. */
export const reachableCount = (sight: Sight): number => sight.members.filter((member) => isHere(sight, member)).length

export const missingOf = (sight: Sight): readonly string[] => sight.members.filter((member) => !isHere(sight, member))
