import { randomBytes } from 'node:crypto'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'

/**
 * Two copies of one profile are one peer to everybody: no connection between them can come about, and where no third peer is there,
 * neither meets what the other has written. But they hear each other's packets, or, by `transport/testimonies`, what a third peer was
 * told by the other. Anybody can send such things; so what one says of
 * itself names its start, by a number that nobody can guess, and the other answers with its signature over both starts: only the key
 * that both have makes that, and only for this start of the other.
 */
export interface Copies {
  /** Of this start, for each packet, and each new connection. */
  said(): Testimony
  /** What this very peer says, as it seems. Answers whether there is something new to say. */
  hear(testimony: Testimony): boolean
}

export interface Testimony {
  /** 32 hex digits. */
  readonly start: string
  /** For the start that was heard last: when this one began, and the signature. */
  readonly proof: string | undefined
}

export interface CopiesOptions {
  readonly self: PeerId
  readonly crypto: Crypto
  /** When this peer began, by its wall clock in milliseconds: the one that began later stops. */
  readonly began: number
  /** Default: this process's, whatever room it is in. */
  readonly start?: string
  /** Each look costs a signature, and anybody can ask for one. */
  mayLook(): boolean
  /** Each time that a copy is heard. `isLater`: this peer is the one to stop. */
  readonly onCopy: (isLater: boolean) => void
}

const processStart = randomBytes(16).toString('hex')

export function createCopies({ self, crypto, began, start = processStart, mayLook, onCopy }: CopiesOptions): Copies {
  let other: string | undefined
  let proof: string | undefined

  const content = (from: string, to: string, at: number): Uint8Array =>
    crypto.hash(new TextEncoder().encode(`gavelring copy ${from} ${to} ${at}`))

  const answer = (to: string): void => {
    other = to
    proof = `${began}.${Buffer.from(crypto.sign(content(start, to, began))).toString('base64url')}`
  }

  /** When the other began; `undefined` where that is not proven. */
  const provenBegin = (from: string, text: string | undefined): number | undefined => {
    const [, at, signature = ''] = /^(\d{1,15})\.([\w-]{86})$/.exec(text ?? '') ?? []
    const isProven =
      at !== undefined && crypto.verify(self, content(from, start, Number(at)), Buffer.from(signature, 'base64url'))
    return isProven ? Number(at) : undefined
  }

  return {
    said: () => ({ start, proof }),
    hear({ start: from, proof: text }) {
      if (from === start || !mayLook()) return false
      const isNew = from !== other
      if (isNew) answer(from)
      const at = provenBegin(from, text)
      if (at !== undefined) onCopy(at < began || (at === began && from < start))
      return isNew
    },
  }
}
