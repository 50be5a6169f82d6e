import type { Terminal, Text } from '../terminal.ts'

/** Lines that scroll, and below them a picture that is redrawn in place: whatever is said, the picture stays whole. */
export interface Screen {
  line(text: Text): void
  note(text: Text): void
  /** From now on this stands below the lines; none: nothing does. */
  show(picture: readonly Text[]): void
}

export function createScreen(terminal: Pick<Terminal, 'line' | 'note' | 'picture'>): Screen {
  let picture: readonly Text[] = []
  const above = (say: () => void): void => {
    if (picture.length > 0) terminal.picture([])
    say()
    if (picture.length > 0) terminal.picture(picture)
  }
  return {
    line: (text) => above(() => terminal.line(text)),
    note: (text) => above(() => terminal.note(text)),
    show(next) {
      if (next.length > 0 || picture.length > 0) terminal.picture(next)
      picture = next
    },
  }
}
