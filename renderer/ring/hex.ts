/** So much of a frame is shown; all of it can be copied. */
export const hexBytesMax = 2_048
const fieldsMax = 64
const textMax = 400
const bytesInLine = 16

/** Lines as `00000010  6b 33 58 62 51 7a  k3XbQz`: where it stands, the bytes, and those of them that are letters. */
export function hexLines(hex: string): { readonly lines: readonly string[]; readonly isCut: boolean } {
  const bytes = (hex.slice(0, hexBytesMax * 2).match(/[0-9a-f]{2}/gi) ?? []).map((pair) => Number.parseInt(pair, 16))
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += bytesInLine) {
    const line = bytes.slice(at, at + bytesInLine)
    const shown = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const letters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${shown.padEnd(bytesInLine * 3 - 1)}  ${letters}`)
  }
  return { lines, isCut: hex.length > hexBytesMax * 2 }
}

/** What a message says, field by field, as short text: it came from another peer. */
export function fieldsOf(fields: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .slice(0, fieldsMax)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return [name.slice(0, 64), text.length > textMax ? `${text.slice(0, textMax)}…` : text] as const
    })
}
