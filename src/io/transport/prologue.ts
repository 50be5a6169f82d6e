import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { wireVersion } from '../../core/limits.ts'
import { BoundedMap } from '../bounded-map.ts'

/**
 * What the room code becomes (PROTOCOL, section 6): both ends mix it into the Noise handshake, which fails between two that
 * differ. But the answer to half a handshake shows whoever asked for it whether a code would have been the right one, and
 * that can be tried at home with as many codes as one likes. No well-kept library has a handshake without that (a PAKE), and
 * one of our own would be worse; so each try is made dear: memory and a quarter of a second of a core, once per start here.
 * Off the main thread; the memory is given back.
 */
export function roomPrologue(name: string, code: string): Promise<Uint8Array> {
  const salt = roomSalt(name)
  const key = JSON.stringify([salt, code])
  const known = derived.get(key)
  if (known !== undefined) return known
  // Where there is no code there is nothing to guess.
  const deriving = derive(code, salt, prologueBytes, code === '' ? cheap : dear)
  derived.set(key, deriving)
  return deriving
}

const derive = promisify<string, string, number, object, Buffer>(scrypt)
/** A process has one room, or, in tests, a few. */
const derived = new BoundedMap<string, Promise<Uint8Array>>(8)

/** Peers of another version derive something else: they cannot connect, and discovery's version says why. */
const roomSalt = (name: string): string => `gavelring/${wireVersion}/${name}`

const prologueBytes = 32
const dear = cost(2 ** 17)
const cheap = cost(2 ** 10)

function cost(N: number) {
  const r = 8
  return { N, r, p: 1, maxmem: 2 * 128 * N * r }
}
