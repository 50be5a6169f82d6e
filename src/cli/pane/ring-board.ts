import type { EventView } from '../../api/views.ts'

/** What the board shows of the peer at the moment that it is drawn. */
export interface RingSight {
  readonly room: string
  readonly self: string
  /** Of the last view, in ring order. */
  readonly members: readonly string[]
  readonly reachable: readonly string[]
  readonly quorum: boolean
  readonly epoch: string
  readonly turn: number
  readonly holdsToken: boolean
  nameOf(peer: string): string
}

export interface BoardLook {
  /** Cells of a line. */
  readonly width: number
  readonly colours: boolean
  /** Cells that a text takes. */
  readonly widthOf: (text: string) => number
}

const blocksShown = 6
/** Of operations that were announced and are in no block yet, as far as they are counted. */
const waitingMax = 1_000

/**
 * Where the token was seen last, who waits for it, and what was written: from the events that every peer has anyway. Between
 * two hops that this peer takes part in, the token is drawn where it was seen: who wrote a block had it, who was handed it has it.
 */
export interface RingBoard {
  see(event: EventView, text: (event: EventView) => string | undefined): void
  /** Lines of one picture, the same number for the same room. */
  draw(sight: RingSight, look: BoardLook): readonly string[]
}

export function createRingBoard(): RingBoard {
  let holder: string | undefined
  const suspects = new Set<string>()
  const waiting = new Map<string, string>()
  let blocks: readonly { readonly index: number; readonly author: string; readonly text: string }[] = []

  const wrote = (operation: string, index: number, text: string | undefined): void => {
    waiting.delete(operation)
    const author = authorOf(operation)
    holder = author
    if (text === undefined) return
    blocks = [...blocks, { index, author, text }].slice(-blocksShown)
  }

  const waitingOf = (peer: string): number => {
    let count = 0
    for (const author of waiting.values()) if (author === peer) count++
    return count
  }

  return {
    see(event, text) {
      switch (event.kind) {
        case 'announced':
          if (waiting.size < waitingMax) waiting.set(event.operation, authorOf(event.operation))
          return
        case 'market':
        case 'rejected':
          return wrote(event.operation, event.block, text(event))
        case 'suspected':
          if (event.suspect !== undefined) suspects.add(event.suspect)
          return
        case 'members':
          suspects.clear()
          holder = undefined
          return
        case 'note':
          if (event.event === 'token-passed' && typeof event.facts.to === 'string') holder = event.facts.to
          return
        default:
          return
      }
    },
    draw(sight, look) {
      const at = sight.holdsToken ? sight.self : holder === sight.self ? undefined : holder
      const places = sight.members.map((peer): Place => {
        const name = shorten(sight.nameOf(peer), nameCells, look)
        const isAway = !sight.reachable.includes(peer)
        const mark = peer === at ? '●' : suspects.has(peer) || isAway ? '?' : '○'
        const count = waitingOf(peer)
        return { text: `${mark} ${name}${count > 0 ? ` +${count}` : ''}`, isLit: peer === at, isDim: isAway }
      })
      const count = `${sight.reachable.length} of ${sight.members.length} members reachable`
      return [
        shorten(`${sight.room}, epoch ${sight.epoch}, turn ${sight.turn}`, look.width, look),
        sight.quorum ? `quorum: ${count}` : `no quorum: ${count}`,
        '',
        ...rows(places, look),
        '',
        ...blocks.map(({ index, author, text }) => {
          return shorten(
            `${String(index).padStart(6)}  ${shorten(sight.nameOf(author), nameCells, look)}  ${text}`,
            look.width,
            look,
          )
        }),
        ...Array.from({ length: blocksShown - blocks.length }, () => ''),
      ]
    },
  }
}

interface Place {
  readonly text: string
  readonly isLit: boolean
  readonly isDim: boolean
}

const nameCells = 16
const arrow = ' → '

/** Peers in a row, in ring order; further rows where they do not fit into one. */
function rows(places: readonly Place[], look: BoardLook): string[] {
  const lines: Place[][] = []
  let cells = 0
  for (const place of places) {
    const wide = look.widthOf(place.text) + arrow.length
    if (lines.length === 0 || cells + wide > look.width) {
      lines.push([])
      cells = 0
    }
    lines.at(-1)?.push(place)
    cells += wide
  }
  return lines.map(
    (line, at) => line.map((place) => painted(place, look)).join(arrow) + (at < lines.length - 1 ? arrow.trimEnd() : ''),
  )
}

/** The token is the light (LOOK): amber, and told by its mark where there are no colours. */
function painted({ text, isLit, isDim }: Place, { colours }: BoardLook): string {
  if (!colours) return text
  if (isLit) return `\x1b[1;33m${text}\x1b[0m`
  return isDim ? `\x1b[2m${text}\x1b[0m` : text
}

function shorten(text: string, cells: number, { widthOf }: BoardLook): string {
  if (widthOf(text) <= cells) return text
  let short = ''
  for (const character of text) {
    if (widthOf(short + character) >= cells) break
    short += character
  }
  return `${short}…`
}

/** The author of `12D3…/1/3`. */
const authorOf = (operation: string): string => operation.split('/')[0] ?? operation
