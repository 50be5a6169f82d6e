/** Text of other peers may be long, or turn the writing around: it is cut, and kept to itself. */
const shownMax = 64

export function shortName(text: string): string {
  const characters = [...text.slice(0, shownMax * 2)]
  return text.length > shownMax ? `${characters.slice(0, shownMax - 1).join('')}…` : text
}

export function Name({ text }: { readonly text: string }) {
  const shown = shortName(text)
  return (
    <bdi className="name" title={shown}>
      {shown}
    </bdi>
  )
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
