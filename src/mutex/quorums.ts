import type { PeerId } from '../core/ids.ts'

/** Beyond this the best are not searched for. */
const searchedMax = 31

const known = new Map<number, readonly number[]>()

/** The members that `peer` asks, itself among them. Any two quorums of the same members meet; all are of one size. */
export function quorumOf(peer: PeerId, members: readonly PeerId[]): readonly PeerId[] {
  const { length } = members
  const from = members.indexOf(peer)
  return stepsOf(length).map((step) => members[(from + step) % length] as PeerId)
}

/** How many members are in each quorum. */
export const quorumSize = (members: number): number => stepsOf(members).length

/**
 * Steps from a member to those of its quorum, round a ring of `length`. Two quorums meet if every distance round the ring is the
 * difference of two steps: a difference cover. Where `length` is 3, 7, 13, 21 or 31 it is the perfect one, a projective plane,
 * with √n members, rounded up; elsewhere a few more.
 */
function stepsOf(length: number): readonly number[] {
  let steps = known.get(length)
  if (steps === undefined) {
    steps = length <= searchedMax ? leastCover(length) : wideCover(length)
    known.set(length, steps)
  }
  return steps
}

function leastCover(length: number): readonly number[] {
  for (let size = 1; ; size++) {
    const found = extend([0], size, length)
    if (found !== undefined) return found
  }
}

function extend(steps: readonly number[], size: number, length: number): readonly number[] | undefined {
  if (steps.length === size) return isCover(steps, length) ? steps : undefined
  for (let step = (steps[steps.length - 1] ?? 0) + 1; step < length; step++) {
    const found = extend([...steps, step], size, length)
    if (found !== undefined) return found
  }
  return undefined
}

function isCover(steps: readonly number[], length: number): boolean {
  const distances = new Set<number>()
  for (const a of steps) for (const b of steps) distances.add((a - b + length) % length)
  return distances.size === length
}

/** All steps up to a width, and multiples of it as far as half of the ring: √(2n) members. */
function wideCover(length: number): readonly number[] {
  const width = Math.ceil(Math.sqrt(length / 2))
  const steps = Array.from({ length: width }, (_, step) => step)
  for (let step = width; step - width < Math.floor(length / 2); step += width) steps.push(step)
  return steps
}
