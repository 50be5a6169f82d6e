/**
 * What must never reach a terminal, whoever wrote it: controls (C0, C1), marks that turn the direction of writing or join and
 * split what is seen, characters without a width of their own, tags, line separators, halves of a surrogate pair.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Joins emoji to one picture; a terminal shows them side by side as well. */
const emojiJoiner = /\u200D(?=\p{Extended_Pictographic})/gu

/** Chooses between the black-and-white and the coloured form of the character before it: only there does it mean something. */
const emojiForm = /(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]|\uFE0F(?=\u20E3)/u

const withForms = new RegExp(`${emojiForm.source}|(?<unsafe>${unsafe.source})`, 'gu')

/** Text of anybody's for one line of a terminal: what is unsafe becomes `�`. */
export function printable(text: string): string {
  return text
    .replace(emojiJoiner, '')
    .replace(withForms, (found, bad: string | undefined) => (bad === undefined ? found : '\uFFFD'))
}

/** Whether a screen shows all of it: nothing of it would become `�`. */
export const isPrintable = (text: string): boolean => printable(text) === text.replace(emojiJoiner, '')

/** One line of JSON that any terminal can show, and that means the same: what is unsafe is written as `\uXXXX`. */
export const printableJson = (value: unknown): string => escapeUnsafe(JSON.stringify(value) ?? 'null')

/** The same of JSON that is written already: outside of its strings compact JSON has nothing unsafe. */
export const escapeUnsafe = (json: string): string => json.replace(unsafe, escaped)

function escaped(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}
