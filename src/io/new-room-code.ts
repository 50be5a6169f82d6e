import { randomInt } from 'node:crypto'

/** Crockford's base 32, in lower case: no two look alike. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const groups = 4
const groupLetters = 4

/** A room code that nobody guesses: 80 bits, as `7h2k-m9qd-x3vt-w8zb`. */
export function newRoomCode(): string {
  const group = (): string => Array.from({ length: groupLetters }, () => letters[randomInt(letters.length)]).join('')
  return Array.from({ length: groups }, group).join('-')
}
