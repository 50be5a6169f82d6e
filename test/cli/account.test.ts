import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { account } from '../peer/rig.ts'
import { temporaryFolder } from './processes.ts'
import { type Person, peopleInRoom } from './room.ts'

const one = async (): Promise<Person> => ((await peopleInRoom(['Ana'])) as [Person])[0]

function csv(text: string | Buffer): string {
  const file = join(temporaryFolder(), 'class.csv')
  writeFileSync(file, text)
  return file
}

describe('a roster', () => {
  test('opens an account for each line; a line that is refused is named, and the others go on', async () => {
    const ana = await one()
    await ana.call('account', 'open', 'ana')
    const file = csv('account,name\r\nbruno,"Bruno ""B."" Lima"\r\nana,Ana\r\nb/d,Nobody\r\n\r\nclara,\r\nbruno,Again\r\n')
    const before = await ana.says('account', 'open', '--from', file, '--dry-run')
    expect(before).toContain('   2  bruno    Bruno "B." Lima')
    expect(ana.peer.accounts()).toHaveLength(1)

    const { exitCode, out, notes } = await ana.call('account', 'open', '--from', file)
    expect(exitCode).toBe(1)
    expect(out.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'Account bruno is open, for Bruno "B." Lima',
      'Account clara is open, for clara',
    ])
    expect(notes).toEqual([
      'line 4: An account id is 1 to 32 of A-Z a-z 0-9 . _ -',
      'line 7: bruno stands on line 2 too.',
      'line 3, ana: There is an account ana, or there was one: ids are never used again.',
    ])
    expect(ana.peer.accounts().map(({ id, holder }) => `${id} ${holder}`)).toEqual([
      'ana ana',
      'bruno Bruno "B." Lima',
      'clara clara',
    ])
  })

  test('needs no head, and may have its columns the other way round', async () => {
    const ana = await one()
    expect(await ana.call('account', 'open', '--from', csv('eva,Eva Maria\ndavi,Davi\n'))).toMatchObject({ exitCode: 0 })
    expect(await ana.call('account', 'open', '--from', csv('\uFEFFName;Account\nBruno Lima;bruno\n'))).toMatchObject({
      exitCode: 0,
    })
    expect(ana.peer.accounts().map(({ id, holder }) => `${id} ${holder}`)).toEqual([
      'eva Eva Maria',
      'davi Davi',
      'bruno Bruno Lima',
    ])
  })

  test.each([
    ['that is not there', () => '/nonexistent.csv', /cannot be read \(ENOENT\)/],
    ['that is too long', () => csv('ana,Ana\n'.repeat(2 ** 21 + 1)), /is no list of accounts: it has more than 16 MiB/],
    ['that is no file', () => '/dev/zero', /cannot be read \(it is no file\)/],
    ['that is empty', () => csv('\n\n'), /has no accounts/],
    ['in another character set', () => csv(Buffer.from('ana,\xC1na', 'latin1')), /is not in UTF-8/],
    ['with a quote that is never closed', () => csv('ana,"Ana\n'), /never closed/],
  ])('%s is a usage error', async (_name, file, says) => {
    const ana = await one()
    expect(await ana.call('account', 'open', '--from', file())).toMatchObject({
      exitCode: 2,
      notes: expect.arrayContaining([expect.stringMatching(says)]),
    })
  })

  test('of a whole class takes a handful of blocks', async () => {
    const ana = await one()
    const names = Array.from({ length: 40 }, (_, at) => `s${at},Student ${at}`)
    expect(await ana.call('account', 'open', '--from', csv(names.join('\n')))).toMatchObject({ exitCode: 0 })
    expect(ana.peer.accounts().map(({ id }) => id)).toEqual(names.map((_, at) => `s${at}`))
    expect(ana.peer.status().commit.index).toBeLessThan(20)
  })
})

describe('accounts are listed', () => {
  test('with their owner by name, and as the columns that were chosen', async () => {
    const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
    await bob.call('account', 'open', 'bob', '--holder', 'Bob Souza')
    await ana.call('account', 'open', 'ana')
    await ana.call('deposit', 'ana', '7')
    expect(await ana.says('account', 'list')).toBe(
      [
        'Account  Holder     Owner  Available      Held',
        'bob      Bob Souza  Bob     0.00 EUR  0.00 EUR',
        'ana      ana        Ana     7.00 EUR  0.00 EUR',
      ].join('\n'),
    )
    expect(await ana.says('account', 'list', '--own', '--columns', 'available,account')).toBe(
      'Available  Account\n 7.00 EUR  ana',
    )
  })

  test('and an empty room says so', async () => {
    expect(await (await one()).says('account', 'list')).toBe('There are no accounts yet.')
  })
})

test('the history of who won says what was paid, and for which lot', async () => {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  await ana.call('account', 'open', 'ana')
  await bob.call('account', 'open', 'bob')
  await bob.call('deposit', 'bob', '50')
  await ana.call('auction', 'start', 'Lamp', '--payee', 'ana', '--buy-now', '12.50')
  expect(await bob.says('auction', 'bid', 'last', '20', '--account', 'bob')).toBe('bob wins at once, for 12.50 EUR (…).')
  expect(await bob.says('account', 'show', 'bob')).toBe(
    [
      'Account  Holder  Owner  Available      Held',
      'bob      bob     Bob    37.50 EUR  0.00 EUR',
      '',
      'Time            What                                     Amount  Available       Held  Memo',
      'TIME  deposited                             50.00 EUR  50.00 EUR   0.00 EUR',
      'TIME  held for lot 1                        12.50 EUR  37.50 EUR  12.50 EUR',
      'TIME  paid for lot 1 to ana, from the hold  12.50 EUR  37.50 EUR   0.00 EUR',
    ].join('\n'),
  )
  expect(await ana.says('account', 'show', 'ana')).toMatch(/got for lot 1 from bob +12\.50 EUR/)
  expect(bob.peer.account(account('bob'))?.held).toBe(0)
})
