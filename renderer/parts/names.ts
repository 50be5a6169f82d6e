import { printable } from '../../src/core/safe-text.ts'

/** Text of other peers may be long, turn the writing around, or pile marks on marks: it is cut, shown as it is, and kept to itself. */
const shownMax = 64

/** More than three marks on one letter are no word of any language, and would cover the lines around it. */
const pile = /(\p{M}{3})\p{M}+/gu

/** As much of a name as a screen has room for, with what is unsafe in it as `�`. */
export function shortName(text: string): string {
  // Cut first: what comes may be of any length.
  const shown = printable(text.slice(0, shownMax * 2)).replace(pile, '$1')
  const characters = [...shown]
  return characters.length > shownMax || text.length > shownMax * 2 ? `${characters.slice(0, shownMax - 1).join('')}…` : shown
}

/** Letters of scripts that are written from right to left. */
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u

/** A name for the middle of a sentence, which it must not turn around: between marks that isolate it, where it could. */
export function inText(text: string): string {
  const shown = shortName(text)
  return rightToLeft.test(shown) ? `\u2068${shown}\u2069` : shown
}

/** `AC` of Ana Costa, `A` of Ana. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word))
  const [first, last] = [words[0], words.length > 1 ? words.at(-1) : undefined]
  return (
    [first, last]
      .map((word) => [...(word ?? '')][0] ?? '')
      .join('')
      .toUpperCase() || '·'
  )
}
