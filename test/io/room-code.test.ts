import { describe, expect, it } from 'vitest'
import { newRoomCode } from '../../src/io/new-room-code.ts'
import { roomPrologue } from '../../src/io/transport/prologue.ts'

const hex = async (name: string, code: string): Promise<string> => Buffer.from(await roomPrologue(name, code)).toString('hex')

describe('a new room code', () => {
  it('is four groups of four letters and digits that do not look alike, 80 bits, and another one each time', () => {
    const codes = Array.from({ length: 1_000 }, newRoomCode)
    for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/)
    expect(new Set(codes).size).toBe(1_000)
    // All 32 are used: a thousand codes have 16,000 letters.
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32)
  })
})

describe('what a room code becomes', () => {
  it('is the same for everyone in the room', async () => {
    expect(await hex('evening', 'old lamp')).toBe('2a7b02b5a58adfd5f07aac7434169cf1e46dfa8955625a930da60acd5a818c53')
    expect(await hex('evening', '')).toBe('ac9950fd4d45f5d2834c4a1c6c3cbdefb9d847eec5f519187421ce32a4da999c')
  })

  it('is another for another code, and in another room', async () => {
    const all = [await hex('evening', 'old lamp'), await hex('evening', 'old lamp '), await hex('morning', 'old lamp')]
    expect(new Set(all).size).toBe(3)
  })

  it('is derived once', () => {
    expect(roomPrologue('evening', 'old lamp')).toBe(roomPrologue('evening', 'old lamp'))
  })
})
