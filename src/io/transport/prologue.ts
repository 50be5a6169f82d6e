import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'

/**
 * What the room code becomes (PROTOCOL, section 6): both ends mix it into the Noise handshake, which fails between two
 * that differ. Slow on purpose, so that a recorded handshake does not give the code away by guessing.
 */
export async function roomPrologue(name: string, code: string): Promise<Uint8Array> {
  const derive = promisify<string, string, number, object, Buffer>(scrypt)
  return derive(code, roomSalt(name), 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
}

/** Names the room wherever it must not be read or guessed. */
export const roomSalt = (name: string): string => `gavelring/1/${name}`
