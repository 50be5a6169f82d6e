import type { Scenario } from '../../peer/lab-report.ts'
import { accountOf, cents, done, offerLamp, openWith, type Person, until, withPeople } from './room.ts'

const names = ['Ana', 'Bruno', 'Clara', 'Davi']
const hour = 3_600_000

const clockText = (millis: number): string => new Date(millis).toISOString().slice(11, 23)

export const wallClock: Scenario = {
  name: 'wall-clock',
  summary: 'a clock that is an hour off: who was first, by wall clock, by Lamport time, by the log?',
  run(seed) {
    // Either the later one's clock is slow, or the earlier one's is fast: both turn the order round.
    const clocks: Readonly<Record<string, number>> = seed % 2 === 0 ? { Clara: -hour } : { Bruno: hour }
    return withPeople({ names, seed, clocks }, async (people) => {
      const [ana, bruno, clara] = people as readonly [Person, Person, Person]
      for (const person of [ana, bruno, clara]) await openWith(person, 100_00)
      const lot = await offerLamp(ana, accountOf(ana), 60_000)
      await until('all know of the lot', () => people.every(({ peer }) => peer.auction(lot) !== undefined))
      const bid = async (person: Person, amount: number) => {
        const wall = person.wall()
        const receipt = await done(person.peer, {
          ...{ kind: 'bid', auction: lot, account: accountOf(person), amount: cents(amount) },
        })
        return { name: person.name, wall, ...receipt.block }
      }
      // Clara answers Bruno's bid: it is there on her screen before she bids.
      const first = await bid(bruno, 2_00)
      await until('Clara has seen it', () => clara.peer.auction(lot)?.bids === 1)
      const second = await bid(clara, 3_00)
      await until('all have both', () => people.every(({ peer }) => peer.auction(lot)?.bids === 2))
      const bids = [first, second]
      const logs = await Promise.all(
        people.map(({ peer }) => Promise.all(bids.map(async ({ index }) => (await peer.log(index, 1))[0]))),
      )
      const lamports = logs[0]?.map((block) => block?.lamport ?? 0) ?? []
      const orders = logs.map((blocks) =>
        blocks.map((block) => block && `${block.index} ${block.author} ${block.lamport}`).join(),
      )
      const firstBy = ([one = 0, two = 0]: readonly number[]): string => (two < one ? second : first).name
      const walls = bids.map(({ wall }) => wall)
      const off = Object.entries(clocks).map(([name, millis]) => `${name}’s is an hour ${millis < 0 ? 'slow' : 'fast'}`)
      // Davi's clock is right, and he has nothing to do with it.
      const right = people.at(-1)?.wall() ?? 0
      const isRight = bids.every(({ time }) => Math.abs(time - right) < hour / 2)
      return {
        parts: [
          {
            title: 'By wall clock',
            lines: [
              `Each wrote down what its own clock said. ${off.join(', ')}.`,
              ...bids.map(({ name, wall }) => `${name}  ${clockText(wall)}`),
              `First: ${firstBy(walls)}.`,
            ],
          },
          {
            title: 'By Lamport time',
            lines: [...bids.map(({ name }, at) => `${name}  ${lamports[at]}`), `First: ${firstBy(lamports)}.`],
          },
          {
            title: 'By the log',
            lines: [
              ...bids.map(
                ({ name, index, turn, time }) => `${name}  block ${index}, turn ${turn}, room clock ${clockText(time)}`,
              ),
              `First: ${firstBy(bids.map(({ index }) => index))}.`,
            ],
          },
        ],
        claims: [
          { text: 'Clara bid because Bruno had: he was first', holds: first.index < second.index },
          { text: 'by wall clock she was', holds: firstBy(walls) === 'Clara' },
          { text: 'by Lamport time he was', holds: firstBy(lamports) === 'Bruno' },
          { text: 'the log says the same on every laptop', holds: new Set(orders).size === 1 },
          { text: 'and the room’s clock follows nobody’s wrong one', holds: isRight },
        ],
      }
    })
  },
}
