import { type AlgorithmKind, isCount, type MutexMessage, nextOf, othersOf, type Place } from './algorithm.ts'

/** Algorithms that are wrong on purpose: what a scenario shows beside the right one. None of them is offered to a room. */

type Asking = { readonly kind: 'request'; readonly time: number } | { readonly kind: 'reply' }

const isAsking = (message: MutexMessage): message is Asking =>
  message.kind === 'reply' || (message.kind === 'request' && isCount(message.time))

/** Ricart and Agrawala, where nothing decides between two wishes of the same Lamport time: `isFirst` goes by the times alone. */
function untied(name: string, isFirst: (own: number, other: number) => boolean): AlgorithmKind<Asking> {
  return {
    name,
    needsFifo: false,
    accepts: isAsking,
    create(place: Place, { send, enter }) {
      let wish: number | undefined
      let isInside = false
      const missing = new Set<string>()
      const deferred = new Set<Place['self']>()
      return {
        request(time) {
          wish = time
          for (const peer of othersOf(place)) {
            missing.add(peer)
            send(peer, { kind: 'request', time })
          }
        },
        release() {
          isInside = false
          wish = undefined
          for (const peer of deferred) send(peer, { kind: 'reply' })
          deferred.clear()
        },
        receive(from, message) {
          if (message.kind === 'request') {
            if (isInside || (wish !== undefined && isFirst(wish, message.time))) deferred.add(from)
            else send(from, { kind: 'reply' })
          } else if (missing.delete(from) && missing.size === 0 && wish !== undefined && !isInside) {
            isInside = true
            enter()
          }
        },
      }
    },
  }
}

/** Each of the two takes the other one for the first: both reply. */
export const politeTie = untied('ties reply', (own, other) => own < other)

/** Each of the two takes itself for the first: neither replies. */
export const stubbornTie = untied('ties wait', (own, other) => own <= other)

type Token = { readonly kind: 'token' }

/** Milliseconds. */
const restMillis = 5

/**
 * A token ring that needs no room: whoever has not seen the token for `patience` milliseconds takes it for lost with its holder, and
 * makes another one. Nothing tells an old token from a new one.
 */
export const impatientRing = (patience: number): AlgorithmKind<Token> => ({
  name: 'token-ring by timeout',
  needsFifo: false,
  accepts: (message): message is Token => message.kind === 'token',
  create(place, { send, enter, wake }) {
    let state: 'out' | 'waiting' | 'inside' = 'out'
    let isHere = place.members[0] === place.self
    // Not all of them at once.
    const own = patience + 10 * place.members.indexOf(place.self)
    const go = (): void => {
      if (state === 'waiting') {
        state = 'inside'
        enter()
      } else wake(restMillis)
    }
    const pass = (): void => {
      isHere = false
      wake(own)
      send(nextOf(place), { kind: 'token' })
    }
    if (isHere) go()
    else wake(own)
    return {
      request() {
        state = 'waiting'
        if (isHere) go()
      },
      release() {
        state = 'out'
        pass()
      },
      receive() {
        if (isHere) return
        isHere = true
        go()
      },
      tick() {
        if (isHere && state === 'out') pass()
        else if (!isHere) {
          isHere = true
          go()
        }
      },
    }
  },
})
