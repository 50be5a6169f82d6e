import { createRandom } from '../../core/random.ts'
import type { Claim, Scenario, ScenarioPart } from '../../peer/lab-report.ts'
import { startBlocking, startNonBlocking } from './socket-peers.ts'
import { startAuctioneer } from './socket-server.ts'

/** Requests of each client. */
const requests = 5
/** Milliseconds after which somebody who waits in vain gives up, so that the story ends; and whoever does not wait in vain. */
const inVain = 1_000
const giveUp = 20_000

export const sockets: Scenario = {
  name: 'sockets',
  summary: 'a client that waits for each answer beside one that does not: real sockets on this machine',
  async run(seed) {
    const answerMillis = 40 + createRandom(seed).below(40)
    const beside = await besideEachOther(answerMillis)
    const mutual = await askingEachOther()
    return { parts: [...beside.parts, ...mutual.parts], claims: [...beside.claims, ...mutual.claims] }
  },
}

type Told = { readonly parts: readonly ScenarioPart[]; readonly claims: readonly Claim[] }

/** Two clients of one server, with as many requests each. */
async function besideEachOther(answerMillis: number): Promise<Told> {
  const server = await startAuctioneer(answerMillis)
  try {
    const [waiting, going] = await Promise.all([
      startBlocking(server.port, { name: 'blocking', asks: requests, giveUp }),
      startNonBlocking(server.port, { name: 'non-blocking', asks: requests, giveUp }),
    ])
    const [one, all] = [await waiting.ended, await going.ended]
    const open = { one: server.mostOpen('blocking'), all: server.mostOpen('non-blocking') }
    const linesOf = (told: typeof one, most: number): readonly string[] => [
      `${told.answered} of ${requests} requests answered, each after ${answerMillis} ms; open at once: at most ${most}.`,
      `Its own clock ticked ${told.ticks} times meanwhile. All in all it took ${told.millis.toFixed(0)} ms.`,
    ]
    return {
      parts: [
        { title: 'The client that waits', lines: linesOf(one, open.one) },
        { title: 'The client that does not', lines: linesOf(all, open.all) },
      ],
      claims: [
        { text: 'both get all their answers', holds: one.answered === requests && all.answered === requests },
        {
          text: 'the one that waits has one request open at a time, the other one all',
          holds: open.one === 1 && open.all === requests,
        },
        { text: 'while it waits nothing else happens in it: not one tick of its own clock', holds: one.ticks === 0 },
        { text: 'the other one’s clock goes on', holds: all.ticks > 0 },
      ],
    }
  } finally {
    await server.stop()
  }
}

/** Each is a client of the other one, and a server besides. */
async function askingEachOther(): Promise<Told> {
  const meet = async (start: typeof startBlocking, patience: number) => {
    const server = await startAuctioneer(0, { pairs: true })
    try {
      const two = await Promise.all(
        ['A', 'B'].map((name) => start(server.port, { name, asks: 1, giveUp: patience, answers: true })),
      )
      return await Promise.all(two.map(({ ended }) => ended))
    } finally {
      await server.stop()
    }
  }
  const [waiting, going] = [await meet(startBlocking, inVain), await meet(startNonBlocking, giveUp)]
  const count = (told: typeof waiting): number => told.reduce((sum, { answered }) => sum + answered, 0)
  return {
    parts: [
      {
        title: 'Two that wait ask each other',
        lines: [
          `${count(waiting)} of 2 answered: each waits for the other one, and answers nobody. After ${inVain} ms they give up.`,
        ],
      },
      { title: 'Two that do not wait ask each other', lines: [`${count(going)} of 2 answered.`] },
    ],
    claims: [
      { text: 'two that wait for each other wait for ever', holds: count(waiting) === 0 },
      { text: 'two that do not wait answer each other', holds: count(going) === 2 },
    ],
  }
}
