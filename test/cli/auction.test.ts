import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AuctionId } from '../../src/core/ids.ts'
import { reasonCharsMax } from '../../src/core/limits.ts'
import type { AuctionView } from '../../src/market/types.ts'
import { gif } from '../market/room.ts'
import { account } from '../peer/rig.ts'
import { makePipe } from '../support/pipe.ts'
import { until } from '../support/wait.ts'
import { temporaryFolder } from './processes.ts'
import { normal, type Person, peopleInRoom } from './room.ts'
import { run } from './run.ts'

/** Ana, the host, sells as `ana`; Bob bids as `bob`, with 100. */
async function sellerAndBidder(): Promise<[Person, Person]> {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  await ana.call('account', 'open', 'ana')
  await bob.call('account', 'open', 'bob')
  await bob.call('deposit', 'bob', '100')
  await bob.call('account', 'use', 'bob')
  return [ana, bob]
}

const offer = (seller: Person, ...more: readonly string[]) =>
  seller.call('auction', 'start', 'Brass lamp', '--payee', 'ana', '--price', '10', '--seconds', '1h', ...more)

const lots = ({ peer }: Person): readonly AuctionView[] => peer.auctions()
const lot = (person: Person): AuctionView => lots(person).at(-1) as AuctionView

describe('a lot', () => {
  test('has a number, and is found by it, as the last, and by its id', async () => {
    const [ana, bob] = await sellerAndBidder()
    const started = await offer(ana)
    expect(started.out).toEqual([
      expect.stringMatching(/^Lot 1 is open until [\d:+ -]+ \(block/),
      'Bid with: gavelring auction bid 1 AMOUNT --account ACCOUNT',
    ])
    await offer(ana)
    const [first, second] = lots(ana).map(({ id }) => id) as [AuctionId, AuctionId]
    await until('Bob knows both', () => lots(bob).length === 2)
    expect(await bob.says('auction', 'bid', '1', '10')).toBe('bob leads with 10.00 EUR (…).')
    expect(await bob.says('auction', 'bid', 'last', '11')).toBe('bob leads with 11.00 EUR (…).')
    expect(await bob.says('auction', 'bid', second, '12,50')).toBe('bob leads with 12.50 EUR (…).')
    expect(lots(bob).map(({ bids }) => bids)).toEqual([1, 2])
    expect(await bob.says('auction', 'bid', '#2', '1')).toBe('The bid is too low: it must be at least 13.50 EUR.')
    for (const name of ['1', first]) expect(await bob.says('auction', 'show', name)).toMatch(/^Lot +Item.*\n +1 +Brass lamp/)
    expect(await bob.call('auction', 'bid', '3', '10')).toMatchObject({
      exitCode: 1,
      notes: ['There is no lot 3.', expect.any(String)],
    })
    expect(await bob.call('auction', 'show', 'lamp')).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/number, by `last`/)],
    })
  })

  test('is listed, open or ended', async () => {
    const [ana, bob] = await sellerAndBidder()
    expect(await ana.says('auction', 'list')).toBe('There are no auctions yet.')
    expect(await ana.says('auction', 'show', 'last')).toMatch(/^There are no auctions yet/)
    await offer(ana)
    await offer(ana)
    await until('Bob knows both', () => lots(bob).length === 2)
    await bob.call('auction', 'bid', '1', '10')
    await ana.call('auction', 'cancel', '2')
    expect(await ana.says('auction', 'list')).toBe(
      [
        'Lot  Item        Leader  Leads with  Least bid  Bids  Is',
        '  1  Brass lamp  bob      10.00 EUR  11.00 EUR     1  open, ends TIME',
        '  2  Brass lamp                                    0  called off, TIME',
      ].join('\n'),
    )
    expect(await ana.says('auction', 'list', '--open', '--columns', 'lot,least')).toBe('Lot  Least bid\n  1  11.00 EUR')
  })

  test('is shown with its newest bids', async () => {
    const [ana, bob] = await sellerAndBidder()
    await offer(ana, '--reserve', '20', '--soft-close', '5,10s,1m')
    await until('Bob knows it', () => lots(bob).length === 1)
    for (const amount of ['10', '15']) await bob.call('auction', 'bid', '1', amount)
    const shown = await ana.says('auction', 'show', '1')
    expect(shown).toContain('Seller          Ana, paid to ana')
    expect(shown).toContain('Reserve         20.00 EUR')
    expect(shown).toContain('Soft close      a bid in the last 5s leaves 10s, 1m more at most')
    expect(shown).toContain('Lasts           1h from TIME')
    expect(shown).toMatch(/TIME {2}bob {6}10\.00 EUR\nTIME {2}bob {6}15\.00 EUR$/)
  })
})

describe('a picture', () => {
  const pictures: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'a drawing in text',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /^--picture: A picture is a whole PNG, JPEG, WebP or GIF/,
    ],
    ['a page', Buffer.from('<!doctype html>'), /^--picture: A picture is a whole/],
    ['half a header', gif().subarray(0, 9), /^--picture: A picture is a whole/],
    ['too many pixels', Uint8Array.from([...gif().subarray(0, 6), 0xff, 0xff, 1, 0, 0, 0, 0]), /says 65535 × 1\.$/],
    ['too many bytes', gif(93 * 1024), /has more than the 92 KiB that a picture may have/],
  ]
  test.each(pictures)('of %s is refused by name', async (_name, bytes, says) => {
    const [ana] = (await peopleInRoom(['Ana'])) as [Person]
    await ana.call('account', 'open', 'ana')
    const file = join(temporaryFolder(), 'lamp.png')
    writeFileSync(file, bytes)
    const { exitCode, notes } = await offer(ana, '--picture', file)
    expect([exitCode, notes[0]]).toEqual([2, expect.stringMatching(says)])
    expect(lots(ana)).toEqual([])
  })

  test.skipIf(process.platform === 'win32')('that is no file is not opened', async () => {
    const [ana] = (await peopleInRoom(['Ana'])) as [Person]
    for (const file of ['/dev/zero', makePipe(join(temporaryFolder(), 'pipe'))]) {
      const { exitCode, notes } = await offer(ana, '--picture', file)
      expect([exitCode, notes[0]]).toEqual([2, `--picture: ${file} cannot be read (it is no file).`])
    }
  })

  test('goes with its lot', async () => {
    const [ana] = (await peopleInRoom(['Ana'])) as [Person]
    await ana.call('account', 'open', 'ana')
    const file = join(temporaryFolder(), 'lamp')
    writeFileSync(file, gif(2_048))
    expect(await offer(ana, '--picture', file)).toMatchObject({ exitCode: 0 })
    expect(lot(ana).lot.picture).toEqual(gif(2_048))
    expect(await ana.says('auction', 'show', 'last')).toMatch(/Picture +2 KiB/)
  })
})

describe('the auctioneer', () => {
  test('extends, pauses and resumes; bids are refused meanwhile', async () => {
    const [ana, bob] = await sellerAndBidder()
    await offer(ana)
    await until('Bob knows it', () => lots(bob).length === 1)
    const { endsAt } = lot(ana)
    expect(await ana.says('auction', 'extend', 'last', '90s')).toBe('Lot 1 ends TIME (…).')
    expect(lot(ana).endsAt - endsAt).toBe(90_000)
    expect(await ana.says('auction', 'pause', '1', '--for', '10m')).toBe(
      'Lot 1 is paused, until TIME at most (…).\nIt goes on with: gavelring auction resume 1',
    )
    expect(await ana.says('auction', 'list')).toMatch(/paused with 1h1m30s left, until TIME at most/)
    expect(await bob.call('auction', 'bid', '1', '50')).toMatchObject({
      exitCode: 1,
      notes: [
        expect.stringMatching(/^The auction is paused, until [\d:+ -]+ at most\.$/),
        'Bids count again once it is resumed.',
      ],
    })
    expect(await ana.says('auction', 'pause', '1')).toMatch(/^The auction is paused/)
    expect(await ana.says('auction', 'resume', '1')).toBe('Lot 1 goes on: it ends TIME (…).')
    expect(await ana.says('auction', 'resume', '1')).toBe('The auction is not paused.')
    expect(await bob.says('auction', 'bid', '1', '50')).toBe('bob leads with 50.00 EUR (…).')
    for (const line of [
      ['extend', '1', '5'],
      ['pause', '1'],
      ['resume', '1'],
      ['cancel', '1', '--reason', 'x'],
    ]) {
      expect(await bob.says('auction', ...line)).toMatch(/^Only the seller and the host may do this\./)
    }
    expect(await ana.says('auction', 'extend', '1', '30d')).toMatch(/^An auction lasts 30 days at most: this one ends by TIME\.$/)
  })

  test('is asked why, who sits at a terminal', async () => {
    const [ana, bob] = await sellerAndBidder()
    await offer(ana)
    const cancel = async (lot: string, typed: string, ...more: readonly string[]) => {
      const { exitCode, out, notes } = await run(['auction', 'cancel', lot, ...more, '--profile', ana.profile], {}, typed)
      return [exitCode, normal([...out, ...notes].join('|'))]
    }
    await until('Bob knows it', () => lots(bob).length === 1)
    await bob.call('auction', 'bid', '1', '10')
    const question = 'Why is lot 1, Brass lamp, called off? (there is a bid) '
    const refusal = 'There is a bid already: who calls the auction off has to say why.|Say it with --reason TEXT.'
    expect(await cancel('1', '\n')).toEqual([1, question + refusal])
    expect(await cancel('1', '')).toEqual([1, question + refusal])
    expect(await cancel('1', 'x'.repeat(reasonCharsMax + 1))).toEqual([
      2,
      `${question}A reason has at most ${reasonCharsMax} characters.`,
    ])
    const [exitCode, json] = await cancel('1', 'why not\n', '--json')
    expect([exitCode, JSON.parse(String(json)).error.code]).toEqual([1, 'reason-needed'])
    expect(await cancel('1', '  the lamp broke \n')).toEqual([0, `Lot 1 is called off (…).|${question}`])
    expect(lot(ana).ended?.reason).toBe('the lamp broke')
    // Nobody has bid: there is nothing to be asked.
    await offer(ana)
    expect(await cancel('2', 'never mind\n')).toEqual([0, 'Lot 2 is called off (…).'])
    expect(lot(ana).ended?.reason).toBe('')
  })

  test('has to say why, where somebody has bid', async () => {
    const [ana, bob] = await sellerAndBidder()
    await offer(ana)
    await until('Bob knows it', () => lots(bob).length === 1)
    await bob.call('auction', 'bid', '1', '10')
    expect(await ana.call('auction', 'cancel', '1')).toEqual({
      exitCode: 1,
      out: [],
      notes: ['There is a bid already: who calls the auction off has to say why.', 'Say it with --reason TEXT.'],
    })
    expect(await ana.says('auction', 'cancel', '1', '--reason', 'the lamp broke')).toBe('Lot 1 is called off (…).')
    expect(await bob.says('auction', 'watch', '1')).toMatch(/called off \(the lamp broke\)$/)
  })
})

describe('an automatic bidder', () => {
  test('bids the least that leads, is listed, and is stopped', async () => {
    const [ana, bob] = await sellerAndBidder()
    await offer(ana)
    await until('Bob knows it', () => lots(bob).length === 1)
    const start = await bob.says('auction', 'bid', 'last', '--auto', '--max', '40', '--pace', '0.05')
    expect(start).toBe('This peer bids for bob on lot 1, Brass lamp, up to 40.00 EUR.')
    await until('it leads', () => lot(bob).leader !== undefined)
    expect(lot(bob).leader?.amount).toBe(1_000)
    const listed =
      'Lot  Item        Account    At most  Raises by   Pace  Is\n  1  Brass lamp  bob      40.00 EUR  the least  0.05s  leads'
    expect(await bob.says('auction', 'bidders')).toBe(listed)
    expect(await bob.says('auction', 'bid', '--auto', '--list')).toBe(listed)
    expect(await ana.says('auction', 'bidders')).toBe('This peer bids for nobody.')
    expect(await bob.says('auction', 'bid', '1', '--auto', '--stop')).toBe('This peer bids no more for bob there.')
    expect(await bob.call('auction', 'bid', '1', '--auto', '--stop')).toMatchObject({ exitCode: 1 })
    expect(bob.peer.bidders()).toEqual([])
  })

  test('is refused at once where it would never bid', async () => {
    const [ana, bob] = await sellerAndBidder()
    await offer(ana)
    await until('Bob knows it', () => lots(bob).length === 1)
    const auto = (person: Person, ...words: readonly string[]) => person.says('auction', 'bid', ...words)
    expect(await auto(bob, '1', '--auto', '--max', '9')).toBe('The bid is too low: it must be at least 10.00 EUR.')
    expect(await auto(bob, '1', '--auto', '--max', '90', '--account', 'ana')).toMatch(/^The account ana belongs to another peer/)
    expect(await auto(bob, '1', '--auto', '--max', '90', '--account', 'eva')).toMatch(/^There is no account eva/)
    expect(await auto(bob, '2', '--auto', '--max', '90')).toMatch(/^There is no lot 2/)
    expect(await auto(ana, '1', '--auto', '--max', '90', '--account', 'ana')).toMatch(/paid by the auction: it cannot bid there/)
    expect(await auto(bob, '1', '--auto', '--max', '90', '--raise', '5..2')).toMatch(/^--raise: A range goes from the lesser/)
    await ana.call('auction', 'cancel', '1')
    await until('Bob knows that it is over', () => lot(bob).ended !== undefined)
    expect(await auto(bob, '1', '--auto', '--max', '90')).toMatch(/^The auction has ended/)
    expect(bob.peer.account(account('bob'))?.held).toBe(0)
  })
})
