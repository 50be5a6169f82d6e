import { describe, expect, test } from 'vitest'
import { account } from '../peer/rig.ts'
import { type Person, peopleInRoom } from './room.ts'

const founding = (changes: object) => ({ room: { name: 'test', currency: 'EUR', deposits: 'open' as const, ...changes } })

/** One person with the accounts `ana` and `bob`. */
async function oneWithAccounts(changes: object = {}): Promise<Person> {
  const [ana] = (await peopleInRoom(['Ana'], founding(changes))) as [Person]
  for (const id of ['ana', 'bob']) await ana.call('account', 'open', id)
  return ana
}

const available = ({ peer }: Person, id: string): number | undefined => peer.account(account(id))?.available

describe('money goes as it was typed, and is told with its currency', () => {
  test.each([
    ['10', '10.00 EUR', 1_000],
    ['1,50', '1.50 EUR', 150],
    ['10.5 EUR', '10.50 EUR', 1_050],
    ['EUR 7', '7.00 EUR', 700],
  ])('deposit %s', async (typed, told, cents) => {
    const ana = await oneWithAccounts()
    expect(await ana.says('deposit', 'ana', typed)).toBe(`${told} went into ana (…).`)
    expect(available(ana, 'ana')).toBe(cents)
    expect(await ana.says('withdraw', 'ana', typed)).toBe(`${told} came out of ana (…).`)
    expect(available(ana, 'ana')).toBe(0)
  })

  test.each([
    ['JPY', '1000', '1000 JPY'],
    ['KWD', '1.5', '1.500 KWD'],
    ['BRL', '1,5', '1.50 BRL'],
  ])('in a room that counts in %s', async (currency, typed, told) => {
    const ana = await oneWithAccounts({ currency })
    expect(await ana.says('deposit', 'ana', typed)).toBe(`${told} went into ana (…).`)
    expect((await ana.call('account', 'list', '--json')).out.join('')).toContain(`"text":"${told}","currency":"${currency}"`)
  })

  test.each([
    ['JPY', '1.5', 'AMOUNT: An amount in JPY has no decimals.'],
    ['JPY', '0', 'AMOUNT: An amount is at least 1 JPY.'],
    ['EUR', '10 USD', 'AMOUNT: This room counts in EUR, not in USD.'],
    ['EUR', '1.000,50', 'AMOUNT: An amount has no separators between thousands. If 1000.50 is meant, write 1000.50.'],
    ['EUR', '1,000', 'AMOUNT: “1,000” can be read in two ways. If 1000 is meant, write 1000.'],
    ['EUR', '0.001', 'AMOUNT: An amount in EUR has at most 2 decimals.'],
    ['EUR', '9007199254740993', 'AMOUNT: An amount is at most 100000000000.00 EUR.'],
  ])('in %s %s is refused, and nothing happens', async (currency, typed, told) => {
    const ana = await oneWithAccounts({ currency })
    expect(await ana.call('deposit', 'ana', typed)).toEqual({ exitCode: 2, out: [], notes: [told] })
    expect(available(ana, 'ana')).toBe(0)
    const { out } = await ana.call('deposit', 'ana', typed, '--json')
    expect(JSON.parse(out.join(''))).toMatchObject({ error: { code: 'usage', message: told } })
  })
})

describe('a transfer', () => {
  test('has a memo that may begin with a dash', async () => {
    const ana = await oneWithAccounts()
    await ana.call('deposit', 'ana', '10')
    expect(await ana.says('transfer', 'ana', 'bob', '4', '--memo', '-10%')).toBe('4.00 EUR went from ana to bob (…).')
    await ana.call('transfer', 'ana', 'bob', '1', '--memo=-10%')
    expect(ana.peer.account(account('bob'))?.history.map(({ memo }) => memo)).toEqual(['-10%', '-10%'])
  })

  test('within one account is refused in words', async () => {
    const ana = await oneWithAccounts()
    expect(await ana.call('transfer', 'bob', 'bob', '1')).toMatchObject({
      exitCode: 2,
      notes: ['TO: Money goes from one account to another: these two are the same account.'],
    })
  })

  test('of more than there is: words for people, code and numbers for programs', async () => {
    const ana = await oneWithAccounts()
    const refused = await ana.call('transfer', 'ana', 'bob', '1')
    expect(refused).toEqual({ exitCode: 1, out: [], notes: ['The account has not enough money: 0.00 EUR is available.'] })
    const { out } = await ana.call('transfer', 'ana', 'bob', '1', '--json')
    expect(JSON.parse(out.join(''))).toMatchObject({
      error: { code: 'funds-short', data: { available: { cents: 0, text: '0.00 EUR' }, receipt: {} } },
    })
  })
})

describe('where no account is named', () => {
  test('the one that was chosen is meant', async () => {
    const ana = await oneWithAccounts()
    await ana.call('account', 'use', 'ana')
    expect(await ana.says('deposit', '10')).toBe('10.00 EUR went into ana (…).')
    expect(await ana.says('transfer', 'bob', '4')).toBe('4.00 EUR went from ana to bob (…).')
    expect(await ana.says('transfer', 'ana', '1', '--from', 'bob')).toBe('1.00 EUR went from bob to ana (…).')
    expect(await ana.says('withdraw', '7')).toBe('7.00 EUR came out of ana (…).')
    expect([available(ana, 'ana'), available(ana, 'bob')]).toEqual([0, 300])
  })

  test('and none was chosen, it is asked for; and what is missing is named', async () => {
    const ana = await oneWithAccounts()
    expect(await ana.says('deposit', '10')).toMatch(/^ACCOUNT is needed\.\n.*account use/)
    expect(await ana.says('deposit', 'ana')).toMatch(/^AMOUNT is needed\./)
    expect(await ana.says('transfer', 'bob', '10')).toMatch(/^FROM is needed\./)
  })

  test('the id of an account is no amount', async () => {
    const ana = await oneWithAccounts()
    await ana.call('account', 'open', '1234567890')
    await ana.call('account', 'use', 'ana')
    expect(await ana.call('deposit', '1234567890')).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/is an account/)],
    })
    expect(available(ana, 'ana')).toBe(0)
  })
})

describe('a deposit for all', () => {
  test('goes into each open account of this peer, once for a request id', async () => {
    const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
    for (const id of ['one', 'two', 'old']) await ana.call('account', 'open', id)
    await ana.call('account', 'close', 'old')
    await bob.call('account', 'open', 'bob')
    const line = ['deposit', '--all', '50', '--request-id', 'monday']
    expect(await ana.says(...line, '--dry-run')).toBe('50 would go into one, one.\n50 would go into two, two.\n2 accounts.')
    expect(available(ana, 'one')).toBe(0)
    expect(await ana.says(...line)).toBe('50.00 EUR went into one (…).\n50.00 EUR went into two (…).')
    await ana.call(...line)
    expect(['one', 'two', 'bob'].map((id) => available(ana, id))).toEqual([5_000, 5_000, 0])
  })

  test('is the host’s where only the host deposits: into everybody’s', async () => {
    const [host, guest] = (await peopleInRoom(['Host', 'Guest'], founding({ deposits: 'host' }))) as [Person, Person]
    await guest.call('account', 'open', 'guest')
    expect(await guest.call('deposit', '--all', '1')).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/only the host/)],
    })
    expect(await host.says('deposit', '--all', '1')).toBe('1.00 EUR went into guest (…).')
  })

  test('that is refused for each is told for each, in words and as JSON', async () => {
    const ana = await oneWithAccounts()
    expect(await ana.call('deposit', '--all', '0')).toMatchObject({
      exitCode: 1,
      notes: ['ana: AMOUNT: An amount is at least 0.01 EUR.', 'bob: AMOUNT: An amount is at least 0.01 EUR.'],
    })
    const { out, exitCode } = await ana.call('deposit', '--all', '0', '--json')
    expect([exitCode, JSON.parse(out.join(''))]).toMatchObject([
      1,
      [
        { account: 'ana', error: { code: 'usage' } },
        { account: 'bob', error: { code: 'usage' } },
      ],
    ])
  })
})
