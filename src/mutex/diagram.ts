import { printable } from '../core/safe-text.ts'
import type { Cones } from './happened-before.ts'
import type { Arrow, SpaceTime } from './space-time.ts'

export interface DiagramOptions {
  /** What stands beside a line. */
  nameOf(peer: string): string
  /** For those who hear it: what it is, and what is seen on it. */
  readonly title: string
  readonly description: string
  /** One event with its past and its future; all else is faint. */
  readonly chosen?: { readonly number: number } & Cones
}

/** Pixels: names on the left, ticks below, epochs above. */
const gutter = 92
const head = 18
const foot = 22

/**
 * The diagram as SVG, which needs nothing beside itself. Colours are those of the page around it, as variables; of a file by itself
 * those that print well. Nothing is told by colour alone: a stay is a bar, one that should not be is hatched by its border, overhead
 * is dotted, what never came ends in a cross.
 */
export function diagramSvg(drawing: SpaceTime, { nameOf, title, description, chosen }: DiagramOptions): string {
  const [width, height] = [drawing.width + gutter, drawing.height + head + foot]
  const isFaint = (...numbers: (number | undefined)[]): boolean =>
    chosen !== undefined &&
    !numbers.some((one) => one !== undefined && (one === chosen.number || chosen.past.has(one) || chosen.future.has(one)))
  const faint = (...numbers: (number | undefined)[]): string => (isFaint(...numbers) ? ' class="faint"' : '')
  const [left, right] = [0, drawing.width]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" role="img" class="space-time">`,
    `<title>${escapeMarkup(title)}</title><desc>${escapeMarkup(description)}</desc>`,
    `<style>${styles}</style>`,
    '<defs><marker id="lab-tip" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path class="tip" d="M0 0L6 3L0 6z"/></marker></defs>',
    `<g transform="translate(${gutter} ${head})">`,
    ...drawing.views.map(
      ({ x, epoch }) =>
        `<line class="view" x1="${n(x)}" y1="-4" x2="${n(x)}" y2="${n(drawing.height)}"/><text class="small" x="${n(x + 2)}" y="-6">${n(epoch)}</text>`,
    ),
    ...drawing.lines.map(
      ({ peer, y }) =>
        `<line class="peer" x1="${left}" y1="${n(y)}" x2="${n(right)}" y2="${n(y)}"/><text x="-8" y="${n(y + 4)}" text-anchor="end">${escapeMarkup(shortName(nameOf(peer)))}</text>`,
    ),
    ...drawing.stays.map(
      ({ number, x1, x2, y, isViolated }) =>
        `<rect class="${isViolated ? 'bad' : 'inside'}${isFaint(number) ? ' faint' : ''}" x="${n(x1)}" y="${n(y - 6)}" width="${n(Math.max(2, x2 - x1))}" height="12" rx="2"/>`,
    ),
    ...drawing.arrows.map((arrow) => arrowOf(arrow, isFaint(arrow.sent, arrow.received))),
    ...drawing.marks
      .filter(({ what }) => what !== 'sent' && what !== 'received')
      .map(({ number, what, x, y }) => `<g${faint(number)}>${markOf(what, x, y)}</g>`),
    ...drawing.crashes.map(({ x, y }) => `<path class="crash" d="M${n(x - 6)} ${n(y - 6)}l12 12m0 -12l-12 12"/>`),
    ...drawing.ticks.map(
      ({ x, value }) =>
        `<line class="tick" x1="${n(x)}" y1="${n(drawing.height)}" x2="${n(x)}" y2="${n(drawing.height + 5)}"/><text class="small" x="${n(x)}" y="${n(drawing.height + 17)}" text-anchor="middle">${n(value)}</text>`,
    ),
    '</g></svg>',
  ].join('\n')
}

function arrowOf({ x1, y1, x2, y2, purpose, isLost, received }: Arrow, isFaint: boolean): string {
  const kind = `${purpose === 'overhead' ? 'overhead' : 'message'}${isFaint ? ' faint' : ''}`
  const line = `<line class="${kind}" x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}"`
  if (!isLost || received !== undefined) return `${line} marker-end="url(#lab-tip)"/>`
  return `${line}/><path class="${kind}" d="M${n(x2 - 3)} ${n(y2 - 3)}l6 6m0 -6l-6 6"/>`
}

/** A wish stands up, an entry is a full circle, its end an empty one, a beginning a small square. */
function markOf(what: string, x: number, y: number): string {
  if (what === 'wished') return `<line class="mark" x1="${n(x)}" y1="${n(y - 9)}" x2="${n(x)}" y2="${n(y)}"/>`
  if (what === 'entered') return `<circle class="entered" cx="${n(x)}" cy="${n(y)}" r="3.5"/>`
  if (what === 'began') return `<rect class="began" x="${n(x - 2)}" y="${n(y - 2)}" width="4" height="4"/>`
  return `<circle class="left" cx="${n(x)}" cy="${n(y)}" r="3"/>`
}

const styles = [
  '.space-time{font:12px system-ui,sans-serif;background:var(--lab-ground,#fff)}',
  '.space-time text{fill:var(--lab-text,#1a1a1a)}',
  '.space-time .small{font-size:10px;fill:var(--lab-quiet,#555)}',
  '.space-time .peer,.space-time .tick{stroke:var(--lab-line,#8a8a8a)}',
  '.space-time .view{stroke:var(--lab-line,#8a8a8a);stroke-dasharray:2 3}',
  '.space-time .inside{fill:var(--lab-inside,#2f7d4f);fill-opacity:.55}',
  '.space-time .bad{fill:var(--lab-bad,#b3261e);fill-opacity:.55;stroke:var(--lab-bad,#b3261e);stroke-width:2;stroke-dasharray:3 2}',
  '.space-time .message{stroke:var(--lab-message,#2456a6);fill:none}',
  '.space-time .overhead{stroke:var(--lab-overhead,#7a5195);stroke-dasharray:1 3;fill:none}',
  '.space-time .tip{fill:var(--lab-message,#2456a6)}',
  '.space-time .mark,.space-time .crash{stroke:var(--lab-text,#1a1a1a);stroke-width:2;fill:none}',
  '.space-time .entered,.space-time .began{fill:var(--lab-text,#1a1a1a)}',
  '.space-time .left{fill:var(--lab-ground,#fff);stroke:var(--lab-text,#1a1a1a)}',
  '.space-time .faint{opacity:.18}',
].join('')

/** At most two decimals: it is a picture, and the same everywhere. */
const n = (value: number): string => String(Number(value.toFixed(2)))

const nameMost = 13
function shortName(name: string): string {
  const characters = [...name]
  return characters.length <= nameMost ? name : `${characters.slice(0, nameMost - 1).join('')}…`
}

/** Anybody's text as text in HTML, SVG and XML, also between quotes. */
export const escapeMarkup = (text: string): string =>
  printable(text).replaceAll(
    /[&<>"']/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character] ?? '',
  )
