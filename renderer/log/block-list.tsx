import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { shortName } from '../parts/name.tsx'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useNameOf } from '../room/use-room.tsx'
import { CrossIcon } from '../shell/icons.tsx'
import { BlockDetail } from './block-detail.tsx'
import { type Line, shortHash } from './lines.ts'
import { useMoments } from './moments.ts'
import type { LogPages } from './pages.ts'
import { useTell } from './tell.ts'

/** A line's height, in pixels, as log.css has it; two rows of text, and a finger's width, where there is little room. */
const [lineHeight, narrowLineHeight] = [28, 48]
const narrow = '(max-width: 599px), (pointer: coarse)'
/** No browser draws anything that is higher than about 33 million pixels: older blocks are reached by their number. */
const linesMax = 600_000
/** Nothing is asked for while a finger passes, but after it has rested so long, in milliseconds. */
const restMillis = 60

interface BlockListProps {
  readonly pages: LogPages
  /** The newest committed block. */
  readonly last: number
  /** The one that is shown in full. */
  readonly open: number | undefined
}

/** All blocks, the newest first, one line each. Those that come while one looks further down wait above. */
export function BlockList({ pages, last, open }: BlockListProps) {
  const { t } = useTranslation('log')
  const tell = useTell()
  const nameOf = useNameOf()
  const scroller = useRef<HTMLDivElement>(null)
  const height = useSyncExternalStore(onNarrow, isNarrow) ? narrowLineHeight : lineHeight
  useSyncExternalStore(pages.subscribe, pages.version)
  const [top, setTop] = useTop(last, open, scroller)
  const count = Math.min(top + 1, linesMax)
  const [focused, setFocused] = useState<number>()
  const toFocus = useRef<number | undefined>(undefined)

  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (at) => top - at,
    // The one that has the focus stays, or the keyboard would be nowhere.
    rangeExtractor: ({ startIndex, endIndex, overscan }) => {
      const [from, to] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)]
      const range = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
      const at = focused === undefined ? -1 : top - focused
      return at >= 0 && at < count && (at < from || at > to) ? [...range, at].sort((a, b) => a - b) : range
    },
  })
  const items = virtualizer.getVirtualItems()
  const [highest, lowest] = [top - (virtualizer.range?.startIndex ?? 0), top - (virtualizer.range?.endIndex ?? 0)]

  useEffect(() => {
    const timer = setTimeout(() => pages.want(lowest - 20, Math.min(last, highest + 20)), restMillis)
    return () => clearTimeout(timer)
  }, [pages, highest, lowest, last])

  // biome-ignore lint/correctness/useExhaustiveDependencies: only another height makes all sizes wrong.
  useEffect(() => virtualizer.measure(), [height])

  /** The block that is to be brought to where its fields can be read below it; again when they have come, since only then is there room. */
  const toPlace = useRef<number | undefined>(undefined)
  const place = (): void => {
    if (toPlace.current !== undefined) virtualizer.scrollToIndex(Math.max(0, top - toPlace.current - 2), { align: 'start' })
  }
  const aim = (block: number): void => {
    const { range } = virtualizer
    const at = top - block
    const middle = range === null ? -1 : (range.startIndex + range.endIndex) / 2
    toPlace.current = range === null || at < range.startIndex || at > middle ? block : undefined
    place()
  }
  const newest = useRef({ aim, place })
  newest.current = { aim, place }
  // Who looks at a block is not moved when others come.
  useEffect(() => {
    if (open !== undefined) newest.current.aim(open)
  }, [open])
  const leaveIt = (): void => {
    toPlace.current = undefined
  }
  const onFields = useCallback(() => {
    newest.current.place()
    toPlace.current = undefined
  }, [])

  useEffect(() => {
    if (toFocus.current === undefined) return
    const line = scroller.current?.querySelector<HTMLElement>(`[data-block="${toFocus.current}"]`)
    if (line === null || line === undefined) return
    toFocus.current = undefined
    line.focus({ preventScroll: true })
  })

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? -1 : event.key === 'ArrowUp' ? 1 : 0
    const from = Number((event.target as HTMLElement).dataset.block ?? Number.NaN)
    const to = from + step
    if (step === 0 || !(to >= 0 && to <= top)) return
    event.preventDefault()
    toFocus.current = to
    setFocused(to)
    virtualizer.scrollToIndex(top - to, { align: 'auto' })
  }

  const missed = last - top
  return (
    <div className="log-box">
      {missed > 0 && (
        <button
          type="button"
          className="log-newer"
          onClick={() => {
            go(paths.log())
            setTop(last)
            scroller.current?.scrollTo({ top: 0 })
          }}
        >
          {t('newBlocks', { count: missed })}
        </button>
      )}
      {/* Whoever scrolls meanwhile has the last word. */}
      <div className="log-scroll" ref={scroller} onWheel={leaveIt} onTouchMove={leaveIt} onPointerDown={leaveIt}>
        <ol
          aria-label={t('list')}
          style={{ height: virtualizer.getTotalSize() }}
          onKeyDown={onKeyDown}
          onFocus={(event) => {
            const block = Number(event.target.dataset.block ?? Number.NaN)
            if (block >= 0) setFocused(block)
          }}
        >
          {items.map(({ index: at, start }) => {
            const index = top - at
            const isOpen = index === open
            const line = pages.line(index)
            return (
              <li
                key={index}
                ref={isOpen ? virtualizer.measureElement : undefined}
                data-index={at}
                aria-posinset={at + 1}
                aria-setsize={count}
                style={{ transform: `translateY(${start}px)` }}
              >
                <LineButton
                  index={index}
                  line={line}
                  isOpen={isOpen}
                  author={line === undefined ? '' : shortName(nameOf(line.author))}
                  what={line === undefined ? '' : tell(line)}
                />
                {isOpen && <BlockDetail index={index} onFields={onFields} />}
              </li>
            )
          })}
        </ol>
      </div>
    </div>
  )
}

interface LineButtonProps {
  readonly index: number
  readonly line: Line | undefined
  readonly isOpen: boolean
  readonly author: string
  /** What the block is about. */
  readonly what: string
}

/** Whatever happens in the room, a line is drawn anew only where its words are others. */
const LineButton = memo(function LineButton({ index, line, isOpen, author, what }: LineButtonProps) {
  const { t } = useTranslation('log')
  const { number, moment } = useMoments()
  return (
    <button
      type="button"
      className={line === undefined ? 'log-line absent' : 'log-line'}
      data-block={index}
      aria-expanded={isOpen}
      aria-label={t('openBlock', { index: number(index), what })}
      onClick={() => go(isOpen ? paths.log() : paths.log(index))}
    >
      <span className="log-index">{number(index)}</span>
      {line !== undefined && (
        <>
          <span className="log-time">{moment(line.time)}</span>
          <bdi className="log-author">{author}</bdi>
          <bdi className={line.kind === 'ops' ? 'log-what' : 'log-what faint'}>{what}</bdi>
          {line.refused > 0 && (
            <span className="log-refused">
              <CrossIcon />
              {line.count === 1 ? t('refused') : t('refusedCount', { count: line.refused })}
            </span>
          )}
          <code className="log-hash">{shortHash(line.hash)}</code>
        </>
      )}
    </button>
  )
})

/**
 * The block of the first line. It goes with the newest one as long as that is looked at; whoever has scrolled down, or has a block
 * open, sees nothing move.
 */
function useTop(
  last: number,
  open: number | undefined,
  scroller: { readonly current: HTMLDivElement | null },
): [number, (top: number) => void] {
  const [top, setTop] = useState(last)
  useEffect(() => {
    if (open !== undefined && (open > top || open <= top - linesMax)) {
      setTop(Math.min(last, Math.max(open, Math.min(last, open + linesMax - 1))))
      return
    }
    const isAtTop = (scroller.current?.scrollTop ?? 0) < lineHeight
    if (isAtTop && open === undefined) setTop(last)
  }, [last, open, top, scroller])
  return [top, setTop]
}

const isNarrow = (): boolean => matchMedia(narrow).matches

function onNarrow(listener: () => void): () => void {
  const query = matchMedia(narrow)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
