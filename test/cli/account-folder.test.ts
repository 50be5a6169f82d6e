import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './processes.ts'
import { type Person, peopleInRoom } from './room.ts'

const one = async (): Promise<Person> => ((await peopleInRoom(['Ana'])) as [Person])[0]

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const balances = ({ peer }: Person): string[] =>
  peer.accounts().map(({ id, holder, available }) => `${id} ${holder} ${available}`)

const bank = {
  '1111111111.json': '{"rg": "1111111111", "nome": "Ana Lima", "saldo": 110.0}',
  '2222222222.json': '{"rg": "2222222222", "nome": "Bruno", "saldo": 0.30000000000000004}',
  '3333333333.json': '{"rg": "3333333333", "nome": "Clara", "saldo": 0.0}',
  'leia-me.txt': 'no account',
}

test('a classic bank moves in, after a look, and once only', async () => {
  const ana = await one()
  const folder = folderOf(bank)
  mkdirSync(join(folder, 'old.json'))
  const look = await ana.call('account', 'import', folder, '--dry-run')
  expect(look).toMatchObject({ exitCode: 0, notes: [] })
  expect(look.out.join('\n')).toMatch(/2222222222\.json +2222222222 +Bruno +0\.30 EUR +from 0\.30000000000000004/)
  expect(look.out.at(-1)).toBe('3 accounts would be opened, and 110.30 EUR deposited.')
  expect(balances(ana)).toEqual([])

  const done = await ana.call('account', 'import', folder)
  expect(done).toMatchObject({ exitCode: 0, notes: [] })
  expect(done.out.map((line) => line.replace(/ \(.*/, ''))).toEqual([
    'Account 1111111111 is open, for Ana Lima',
    'Account 2222222222 is open, for Bruno',
    'Account 3333333333 is open, for Clara',
    '110.00 EUR went into 1111111111',
    '0.30 EUR went into 2222222222',
  ])
  const after = ['1111111111 Ana Lima 11000', '2222222222 Bruno 30', '3333333333 Clara 0']
  expect(balances(ana)).toEqual(after)
  expect((await ana.call('account', 'import', folder)).out).toEqual(['All of these accounts are here already: nothing was done.'])
  expect(balances(ana)).toEqual(after)
})

test('an import that ended half-way goes on where it was', async () => {
  const ana = await one()
  await ana.call('account', 'open', '1111111111', '--holder', 'Ana Lima')
  const { out } = await ana.call('account', 'import', folderOf(bank))
  expect(out.map((line) => line.replace(/ \(.*/, ''))).toEqual([
    'Account 2222222222 is open, for Bruno',
    'Account 3333333333 is open, for Clara',
    '110.00 EUR went into 1111111111',
    '0.30 EUR went into 2222222222',
  ])
})

test('where one file cannot be used, nothing is done; others, and accounts of other peers, are named', async () => {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  const faulty = folderOf({ ...bank, 'x.json': '{"rg": "4", "saldo": nan}', 'y.json': '{"rg": "1111111111", "saldo": 1}' })
  const refused = await ana.call('account', 'import', faulty)
  expect(refused.exitCode).toBe(1)
  expect(refused.notes.join('\n')).toMatch(
    /x\.json: It is no JSON object\.\ny\.json: 1111111111 stands in 1111111111\.json too\.\n2 files cannot be used: nothing was done\./,
  )
  expect((await ana.call('account', 'import', faulty, '--dry-run')).exitCode).toBe(1)
  expect(balances(ana)).toEqual([])
  await bob.call('account', 'open', '1111111111')
  const look = await ana.call('account', 'import', folderOf(bank), '--dry-run')
  expect(look.out.join('\n')).toMatch(/1111111111 +Ana Lima +110\.00 EUR +another peer has it/)
  expect(look.out.at(-1)).toBe('2 accounts would be opened, and 0.30 EUR deposited.')
})

test('a folder that is not there, or has no accounts, is named', async () => {
  const ana = await one()
  expect(await ana.call('account', 'import', '/nonexistent')).toMatchObject({
    exitCode: 2,
    notes: [expect.stringMatching(/\/nonexistent cannot be read \(ENOENT\)/)],
  })
  expect(await ana.call('account', 'import', folderOf({ 'a.txt': '' }))).toMatchObject({
    exitCode: 2,
    notes: [expect.stringMatching(/has no \.json files/)],
  })
})

test('what is exported is imported elsewhere as the same; nothing is replaced, and no link is followed', async () => {
  const ana = await one()
  await ana.call('account', 'import', folderOf(bank))
  const folder = join(temporaryFolder(), 'contas')
  expect((await ana.call('account', 'export', folder)).out).toEqual([`3 accounts are in ${folder}.`])
  expect(readdirSync(folder)).toEqual(['1111111111.json', '2222222222.json', '3333333333.json'])
  expect(readFileSync(join(folder, '1111111111.json'), 'utf8')).toBe('{"rg": "1111111111", "nome": "Ana Lima", "saldo": 110.0}\n')
  const elsewhere = await one()
  await elsewhere.call('account', 'import', folder)
  expect(balances(elsewhere)).toEqual(balances(ana))

  expect(await ana.call('account', 'export', folder)).toMatchObject({
    exitCode: 2,
    notes: expect.arrayContaining([expect.stringMatching(/is there already/)]),
  })
  await ana.call('withdraw', '1111111111', '10')
  expect((await ana.call('account', 'export', folder, '--force')).exitCode).toBe(0)
  expect(readFileSync(join(folder, '1111111111.json'), 'utf8')).toContain('"saldo": 100.0}')
  const trap = temporaryFolder()
  symlinkSync(join(folder, '1111111111.json'), join(trap, '1111111111.json'))
  expect(await ana.call('account', 'export', trap, '--force')).toMatchObject({
    exitCode: 2,
    notes: expect.arrayContaining([expect.stringMatching(/is a link/)]),
  })
})
