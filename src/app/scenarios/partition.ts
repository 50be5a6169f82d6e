import { createRandom } from '../../core/random.ts'
import type { Scenario } from '../../peer/lab-report.ts'
import type { Peer } from '../../peer/peer.ts'
import { accountOf, cents, done, isMember, offerLamp, openWith, type Person, until, withPeople } from './room.ts'

const names = ['Ana', 'Bruno', 'Clara', 'Davi', 'Eva']
const purse = 100_00
/** Milliseconds: long enough for a new view to come, and for two bids. */
const auctionMillis = 15_000

/** Whom the cable leaves on its own side: two, and never the auctioneer. */
function twoOf(people: readonly Person[], seed: number): readonly [Person, Person] {
  const random = createRandom(seed)
  const others = people.slice(1)
  const first = others.splice(random.below(others.length), 1)[0]
  const second = others[random.below(others.length)]
  if (first === undefined || second === undefined) throw new Error('a partition takes five')
  return [first, second]
}

const commitOf = (peer: Peer): number => peer.status().commit.index

export const partition: Scenario = {
  name: 'partition',
  summary: 'a cable is pulled between two and three in the middle of an auction: three go on, two wait, and there is one log',
  run: (seed) =>
    withPeople({ names, seed }, async (people) => {
      const [host] = people as readonly [Person, ...Person[]]
      for (const person of people) await openWith(person, purse)
      const lot = await offerLamp(host, accountOf(host), auctionMillis)
      const few = twoOf(people, seed)
      const many = people.filter((person) => !few.includes(person))
      const [lone, bidder] = [few[0], many[1]] as readonly [Person, Person]
      await until('all know of the lot', () => people.every(({ peer }) => peer.auction(lot) !== undefined))
      const bidOf = (person: Person, amount: number) =>
        ({ kind: 'bid', auction: lot, account: accountOf(person), amount: cents(amount) }) as const

      await done(lone.peer, bidOf(lone, 5_00))
      await until('all have the first bid', () => people.every(({ peer }) => peer.auction(lot)?.bids === 1))

      for (const { link } of few) link.cut(many.map(({ peer }) => peer.status().self))
      for (const { link } of many) link.cut(few.map(({ peer }) => peer.status().self))
      const before = Math.max(...few.map(({ peer }) => commitOf(peer)))
      // The highest bid of all, from the side of the two: it waits.
      const late = lone.peer.submit({ request: undefined, operation: bidOf(lone, 50_00) }, 120_000)
      const hasLate = late.then(
        ({ outcome }) => outcome,
        () => undefined,
      )
      await until('the three have a view without the two', () => many.every(({ peer }) => peer.status().members.length === 3))
      await until('the two have no quorum', () => few.every(({ peer }) => !peer.status().quorum))
      await done(bidder.peer, bidOf(bidder, 6_00))
      await until('the auction is over', () => many.every(({ peer }) => peer.auction(lot)?.ended !== undefined))
      const during = {
        few: few.map(({ peer }) => ({ commit: commitOf(peer), ended: peer.auction(lot)?.ended, trouble: peer.status().trouble })),
        many: commitOf(host.peer),
        waits: lone.peer.pending().length,
      }

      for (const { link } of people) link.heal()
      await until('all five are members again', () =>
        people.every(({ peer }) => isMember(peer) && peer.status().members.length === names.length),
      )
      const outcome = await hasLate
      await until('all have one log', () => new Set(people.map(({ peer }) => peer.status().commit.hash)).size === 1)
      const sold = host.peer.auction(lot)
      const total = host.peer.accounts().reduce((sum, { available, held }) => sum + available + held, 0)
      const states = new Set(people.map(({ peer }) => peer.status().stateHash))
      const rejection = outcome !== undefined && !outcome.accepted && 'rejection' in outcome ? outcome.rejection.code : undefined
      return {
        parts: [
          {
            title: `The three: ${many.map(({ name }) => name).join(', ')}`,
            lines: [
              `They are three of five, so they have a new view and go on: ${bidder.name} bids 6.00 EUR, and it is written.`,
              `The auction ends in time: sold to ${sold?.leader?.account ?? 'nobody'}. Their log grew to block ${during.many}.`,
            ],
          },
          {
            title: `The two: ${few.map(({ name }) => name).join(', ')}`,
            lines: [
              `${lone.name} bids 50.00 EUR, the highest bid of all. It waits: ${during.few[0]?.trouble ?? 'no reason is known'}.`,
              `Their logs stand still at block ${during.few.map(({ commit }) => commit).join(' and ')}, and for them the auction is open.`,
            ],
          },
          {
            title: 'The cable is in again',
            lines: [
              `All five are members, with one log. The bid of 50.00 EUR is written now, and refused: ${rejection ?? 'it was not'}.`,
            ],
          },
        ],
        claims: [
          {
            text: 'while the cable was out the two committed nothing',
            holds: during.few.every(({ commit }) => commit <= before) && during.waits > 0,
          },
          { text: 'the two did not see the auction end', holds: during.few.every(({ ended }) => ended === undefined) },
          {
            text: 'the three went on and sold the lamp',
            holds: during.many > before && sold?.leader?.account === accountOf(bidder),
          },
          {
            text: 'the higher bid of the two came too late: there is one log, and in it the auction was over',
            holds: rejection !== undefined,
          },
          {
            text: 'all five have the same state, and no cent is gone',
            holds: states.size === 1 && total === purse * names.length,
          },
        ],
      }
    }),
}
