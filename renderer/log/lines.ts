import type { JudgedBlock } from '../../src/api/views.ts'

/** An operation as the log tells it, amounts in minor units. */
export type Told = Readonly<Record<string, unknown>>

/** What one line shows of a block. A block can have thousands of operations: only this much of it is kept. */
export interface Line {
  readonly index: number
  readonly time: number
  readonly author: string
  readonly hash: string
  readonly kind: JudgedBlock['kind']
  /** Of a genesis block: the room's name. */
  readonly room: string
  /** Of a view block. */
  readonly members: readonly string[]
  /** The first one; the line has no room for more. */
  readonly first: Told | undefined
  /** Operations in the block. */
  readonly count: number
  /** How many of them the rules refused. */
  readonly refused: number
  /** Whether it is known what became of them. */
  readonly judged: boolean
}

export function toLine({ index, time, author, hash, kind, content, judged }: JudgedBlock): Line {
  const operations: readonly Told[] = Array.isArray(content) ? content : []
  const head: Told = Array.isArray(content) ? {} : content
  return {
    index,
    time,
    author,
    hash,
    kind,
    room: kind === 'genesis' && typeof head.name === 'string' ? head.name : '',
    members: kind === 'view' ? membersIn(head) : [],
    first: operations.find(({ refused }) => refused !== undefined) ?? operations[0],
    count: operations.length,
    refused: operations.filter(({ refused }) => refused !== undefined).length,
    judged,
  }
}

export const membersIn = ({ members }: Told): readonly string[] => (Array.isArray(members) ? members.map(String) : [])

/** `3f0a1b…9c2e`: enough to tell two apart. */
export const shortHash = (hash: string): string => (hash.length <= 12 ? hash : `${hash.slice(0, 6)}…${hash.slice(-4)}`)
