import type { BlockStep, FrameStep, RingStep, TokenStep } from './types.ts'

/** However long the page is open, and however busy the room is, no more is kept than this, and nothing older. */
export const framesMax = 6_000
export const blocksMax = 1_000
export const tokensMax = 2_000
export const keptMillis = 120_000

/** The newest steps of the ring; what came first stands first. */
export interface Past {
  readonly frames: readonly FrameStep[]
  readonly blocks: readonly BlockStep[]
  readonly tokens: readonly TokenStep[]
  /** Steps that were not told, since the stream was opened. */
  readonly missed: number
}

export interface History {
  /** `now`: the room's time. A step that claims to be of another time takes nothing from the others. */
  add(step: RingStep, now: number): void
  /** The steps go on after a break: the token may have gone any way meanwhile. */
  reopen(): void
  /** The last move of the token that is known. */
  token(): TokenStep | undefined
  /** Who waits for the token; `undefined`: not told yet. */
  requests(): readonly string[] | undefined
  recorders(): readonly string[]
  /** Each step that came, or is kept no more; until the returned function is called. */
  onChange(listener: (step: FrameStep | BlockStep | TokenStep) => void): () => void
  /** As it is now; it does not change when more is added. The same object until then. */
  past(): Past
}

export function createHistory(): History {
  const frames = new Map<string, FrameStep>()
  const blocks = new Map<number, BlockStep>()
  let tokens: TokenStep[] = []
  let last: TokenStep | undefined
  let requests: readonly string[] | undefined
  let recorders: readonly string[] = []
  let missed = 0
  let past: Past | undefined
  const listeners = new Set<(step: FrameStep | BlockStep | TokenStep) => void>()
  const tell = (step: FrameStep | BlockStep | TokenStep): void => {
    for (const listener of listeners) listener(step)
  }

  const addToken = (step: TokenStep): void => {
    if (last !== undefined && !isLater(step, last)) return
    last = step
    tokens.push(step)
    tell(step)
    // Cut in halves: cutting one at a time would move all the others each time.
    if (tokens.length > 2 * tokensMax) tokens = tokens.slice(-tokensMax)
  }

  const addBlock = (step: BlockStep): void => {
    // One that was dropped in a new epoch gives its place to another.
    const before = blocks.get(step.index)
    if (before !== undefined && blocks.delete(step.index)) tell(before)
    blocks.set(step.index, step)
    tell(step)
  }

  const add = (step: RingStep, now: number): void => {
    past = undefined
    switch (step.kind) {
      case 'token':
        return addToken(step)
      case 'requests':
        requests = step.peers
        return
      case 'frame':
        frames.set(step.id, step)
        tell(step)
        return dropOldest(frames, framesMax, now, tell)
      case 'block':
        addBlock(step)
        return dropOldest(blocks, blocksMax, now, tell)
      case 'recorders':
        recorders = step.peers
        return
      case 'missed':
        missed += step.count
        return
    }
  }

  return {
    add,
    reopen() {
      last = undefined
      requests = undefined
      recorders = []
      missed = 0
      past = undefined
    },
    token: () => last,
    requests: () => requests,
    recorders: () => recorders,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    past() {
      past ??= { frames: [...frames.values()], blocks: [...blocks.values()], tokens: tokens.slice(-tokensMax), missed }
      return past
    },
  }
}

function dropOldest<Key, Step extends { readonly at: number }>(
  steps: Map<Key, Step>,
  most: number,
  now: number,
  tell: (step: Step) => void,
): void {
  for (const [key, step] of steps) {
    if (steps.size <= most && now - step.at <= keptMillis) return
    steps.delete(key)
    tell(step)
  }
}

/** `(epoch, turn)` only grows (PROTOCOL, section 2). */
export function isLater(step: TokenStep, last: TokenStep): boolean {
  if (step.epoch === last.epoch) return step.turn > last.turn
  return epochNumber(step.epoch) >= epochNumber(last.epoch)
}

/** `7` of `7.k3XbQz`. */
export const epochNumber = (epoch: string): number => Number.parseInt(epoch, 10) || 0

/** A request is repeated until it is served. */
const askingMillis = 10_000

/** Who has lately asked to come, to leave, or to come again (PROTOCOL, section 5). */
export const askingOf = ({ frames }: Past, now: number): readonly string[] => [
  ...new Set(frames.filter(({ message, at }) => message === 'request' && now - at < askingMillis).map(({ from }) => from)),
]
