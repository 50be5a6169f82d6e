import type { EventView } from '../../api/views.ts'
import { printable } from '../../core/safe-text.ts'
import { shorten, widthOf } from '../table.ts'
import type { Piece, Text } from '../terminal.ts'

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

/** Cells of a line, and lines of the screen. */
export interface BoardSize {
  readonly width: number
  readonly height: number
}

const blocksMax = 6
const nameCells = 16
const arrow = ' → '
/** Operations that wait, as far as they are counted. */
const waitingMax = 1_000
/** What was announced and never written was withdrawn, or its peer is gone: so long it is shown, in milliseconds. */
const waitingMillis = 60_000
/** Whoever is missed is asked after again and again; so long after the last time it is not missed any more, in milliseconds. */
const suspectMillis = 7_000

/**
 * Where the token was seen last, who waits for it, and what was written: from the events that every peer has anyway. Between
 * two hops that this peer takes part in, the token is drawn where it was seen: who wrote a block had it, who was handed it has it.
 */
export interface RingBoard {
  /** `text`: what to say of it, if it is worth a place in the list of blocks. Times are the room's. */
  see(event: EventView, text?: string): void
  draw(sight: RingSight, size: BoardSize, now: number): readonly Text[]
}

interface Waiting {
  readonly author: string
  readonly sequence: number
  readonly since: number
}

interface WrittenBlock {
  readonly index: number
  readonly author: string
  readonly operations: Set<string>
  text: string
}

export function createRingBoard(): RingBoard {
  let holder: string | undefined
  /** When it was said that they are missed. */
  const suspects = new Map<string, number>()
  const waiting = new Map<string, Waiting>()
  let blocks: readonly WrittenBlock[] = []

  const write = (operation: string, index: number, text: string): void => {
    const written = partsOf(operation)
    holder = written.author
    // Operations of one author are written in their order: those before it, of which no event tells, are written, too.
    for (const [id, { author, sequence }] of waiting) {
      if (author === written.author && sequence <= written.sequence) waiting.delete(id)
    }
    const known = blocks.find((block) => block.index === index)
    if (known === undefined) {
      blocks = [...blocks, { index, author: written.author, operations: new Set([operation]), text }].slice(-blocksMax)
      return
    }
    known.operations.add(operation)
    known.text ||= text
  }

  const waitingText = (sight: RingSight, now: number): string => {
    const counts = new Map<string, number>()
    for (const [id, { author, since }] of waiting) {
      if (now - since > waitingMillis) waiting.delete(id)
      else counts.set(author, (counts.get(author) ?? 0) + 1)
    }
    if (counts.size === 0) return 'nobody waits for the token'
    const all = [...counts].map(([author, count]) => `${nameIn(sight, author)} ${count}${count === waitingMax ? '+' : ''}`)
    return `operations waiting for the token: ${all.join(', ')}`
  }

  return {
    see(event, text = '') {
      switch (event.kind) {
        case 'announced':
          if (waiting.size < waitingMax) waiting.set(event.operation, { ...partsOf(event.operation), since: event.at })
          return
        case 'market':
        case 'rejected':
          return write(event.operation, event.block, text)
        case 'suspected':
          if (event.suspect !== undefined) suspects.set(event.suspect, event.at)
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
    draw(sight, { width, height }, now) {
      // This peer knows for itself whether it has the token.
      const at = sight.holdsToken ? sight.self : holder === sight.self ? undefined : holder
      const places = sight.members.map((peer): Place => {
        const isAway = !sight.reachable.includes(peer)
        const isMissed = now - (suspects.get(peer) ?? Number.NEGATIVE_INFINITY) < suspectMillis
        const mark = isAway || isMissed ? '?' : peer === at ? '●' : '○'
        return { text: `${mark} ${nameIn(sight, peer)}`, look: mark === '●' ? 'light' : mark === '?' ? 'dim' : undefined }
      })
      const count = `${sight.reachable.length} of ${sight.members.length} members reachable`
      const head = `${printable(sight.room)}, epoch ${sight.epoch}, turn ${sight.turn}, ${sight.quorum ? 'quorum' : 'no quorum'}: ${count}`
      const names = Math.max(0, ...blocks.map(({ author }) => widthOf(nameIn(sight, author))))
      const above = [shorten(head, width), ...rows(places, width), shorten(waitingText(sight, now), width)]
      const below = blocks.map((block) => shorten(blockText(block, nameIn(sight, block.author), names), width))
      // What moves is above: of a low screen the blocks give first. One line is the cursor's.
      const room = Math.max(1, height - 1)
      const shown = Math.max(0, room - above.length)
      return [...above.slice(0, room), ...(shown === 0 ? [] : below.slice(-shown))]
    },
  }
}

const nameIn = (sight: RingSight, peer: string): string => shorten(printable(sight.nameOf(peer)), nameCells)

function blockText({ index, operations, text }: WrittenBlock, name: string, cells: number): string {
  const more = operations.size - 1
  const said = printable(text) || `${operations.size} ${operations.size === 1 ? 'operation' : 'operations'}`
  const rest = text !== '' && more > 0 ? ` (and ${more} more)` : ''
  return `${String(index).padStart(6)}  ${name}${' '.repeat(cells - widthOf(name))}  ${said}${rest}`
}

interface Place {
  readonly text: string
  /** The token is the light (LOOK): amber, and told by its mark where there are no colours. */
  readonly look: 'light' | 'dim' | undefined
}

/** Peers in a row, in ring order; further rows where they do not fit into one. */
function rows(places: readonly Place[], width: number): Text[] {
  const lines: Place[][] = []
  let cells = 0
  for (const place of places) {
    const wide = widthOf(place.text) + widthOf(arrow)
    const line = lines.at(-1)
    if (line === undefined || cells + wide > width) {
      lines.push([place])
      cells = wide
    } else {
      line.push(place)
      cells += wide
    }
  }
  return lines.map((line, row) =>
    line.flatMap(({ text, look }, at): Piece[] => {
      const fitting = shorten(text, Math.max(1, width - widthOf(arrow)))
      const next = at < line.length - 1 ? [arrow] : row < lines.length - 1 ? [arrow.trimEnd()] : []
      return [look === undefined ? fitting : { text: fitting, look }, ...next]
    }),
  )
}

/** Author and sequence of `12D3…/1/3`. */
function partsOf(operation: string): { readonly author: string; readonly sequence: number } {
  const [author = operation, , sequence] = operation.split('/')
  return { author, sequence: Number(sequence) }
}
