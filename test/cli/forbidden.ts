/** What may never reach a terminal, by number, so that it shares nothing with the classes of the code. */
export const forbiddenRanges: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
]
const isForbidden = (character: string): boolean => {
  const point = character.codePointAt(0) as number
  return forbiddenRanges.some(([first, last]) => first <= point && point <= last)
}
export const forbiddenIn = (text: string): string[] => [...text].filter(isForbidden)
