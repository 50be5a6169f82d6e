import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Catalogue, lotFields } from '../../src/api/catalogue.ts'
import { openCatalogue } from '../../src/app/catalogue.ts'
import { gif } from '../market/room.ts'
import { silentLogger } from '../support/silent-logger.ts'

const picture = Buffer.from(gif()).toString('base64url')
const lot = (item: string, more: object = {}) => lotFields.parse({ item, startingPrice: '10', increment: '0.50', ...more })
const items = (catalogue: Catalogue) => catalogue.list().map(({ number, item }) => `${number} ${item}`)

test('lots are kept in order, with their pictures, through a restart', async () => {
  const profile = newProfile()
  const first = await openCatalogue(profile, silentLogger)
  const [clock, chess, lamp] = [
    await first.add(lot('Clock', { picture, reserve: '20', durationMillis: 60_000 })),
    await first.add(lot('Chess')),
    await first.add(lot('Lamp')),
  ]
  if (clock === undefined || chess === undefined || lamp === undefined) throw new Error('there is room for three')
  expect(await first.move(lamp, clock)).toBe(true)
  expect(await first.move(clock, undefined)).toBe(true)
  expect(await first.move(chess, chess)).toBe(true)
  expect(await first.move(chess, '0'.repeat(12))).toBe(false)
  expect(items(first)).toEqual(['1 Lamp', '2 Chess', '3 Clock'])

  const again = await openCatalogue(profile, silentLogger)
  expect(items(again)).toEqual(['1 Lamp', '2 Chess', '3 Clock'])
  expect(again.list()[2]).toEqual({
    id: clock,
    number: 3,
    item: 'Clock',
    description: '',
    startingPrice: '10',
    increment: '0.50',
    reserve: '20',
    durationMillis: 60_000,
    hasPicture: true,
  })
  expect(await again.picture(clock)).toEqual(Buffer.from(gif()))
  expect(await again.picture(lamp)).toEqual(new Uint8Array())
  expect(await again.picture('0'.repeat(12))).toBeUndefined()
  expect(await again.remove(clock)).toBe(true)
  expect(await again.remove(clock)).toBe(false)
  expect(readdirSync(join(profile, 'catalogue'))).toEqual(['lots.json'])
})

test('many changes at once all count', async () => {
  const profile = newProfile()
  const catalogue = await openCatalogue(profile, silentLogger)
  const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => catalogue.add(lot(`Lot ${i}`))))
  await Promise.all(ids.slice(0, 10).map((id) => catalogue.remove(id ?? '')))
  expect((await openCatalogue(profile, silentLogger)).list()).toHaveLength(10)
})

test('it has an end', async () => {
  const catalogue = await openCatalogue(newProfile(), silentLogger)
  for (let i = 0; i < catalogue.lotsMax; i++) await catalogue.add(lot(`Lot ${i}`))
  expect(await catalogue.add(lot('One too many'))).toBeUndefined()
  expect(catalogue.list()).toHaveLength(catalogue.lotsMax)
})

test('a start is one request until it is refused, also after a restart; another account meanwhile is told of', async () => {
  const profile = newProfile()
  const first = await openCatalogue(profile, silentLogger)
  const id = (await first.add(lot('Clock'))) ?? ''
  const ana = { room: 'ab', payee: 'ana' }
  expect(await first.begin(id, ana)).toEqual({ requestId: `lot-${id}-1` })

  const again = await openCatalogue(profile, silentLogger)
  expect(await again.begin(id, ana)).toEqual({ requestId: `lot-${id}-1` })
  expect(await again.begin(id, { ...ana, payee: 'bob' })).toEqual({ asked: 'ana' })
  // Another room knows nothing of it.
  expect(await again.begin(id, { room: 'cd', payee: 'bob' })).toEqual({ requestId: `lot-${id}-1` })
  await again.settle(id)
  expect(await again.begin(id, { room: 'cd', payee: 'ana' })).toEqual({ requestId: `lot-${id}-2` })
  expect(await again.begin('0'.repeat(12), ana)).toBeUndefined()
})

test('a list of gigabytes is put aside as well', async () => {
  const profile = newProfile()
  const list = join(profile, 'catalogue', 'lots.json')
  mkdirSync(join(profile, 'catalogue'))
  writeFileSync(list, '[')
  truncateSync(list, 5 * 2 ** 30)
  expect((await openCatalogue(profile, silentLogger)).list()).toEqual([])
  expect(statSync(join(profile, 'catalogue.unread', 'lots.json')).size).toBe(5 * 2 ** 30)
})

test.each([
  ['no JSON', '{'],
  ['no list', '{}'],
  ['a name that cannot be shown', JSON.stringify([{ ...kept(), item: '\u202e' }])],
  ['an id that is a path', JSON.stringify([{ ...kept(), id: '../../../key' }])],
])('%s: it is put aside as a whole, and a new one begins', async (_, text) => {
  const profile = newProfile()
  mkdirSync(join(profile, 'catalogue'))
  writeFileSync(join(profile, 'catalogue', 'lots.json'), text)
  writeFileSync(join(profile, 'catalogue', '0123456789ab.picture'), 'x')
  const warnings: string[] = []
  const catalogue = await openCatalogue(profile, { ...silentLogger, warn: (event) => warnings.push(event) })
  expect(catalogue.list()).toEqual([])
  expect(warnings).toEqual(['catalogue-unread'])
  expect(readFileSync(join(profile, 'catalogue.unread', 'lots.json'), 'utf8')).toBe(text)
  expect(existsSync(join(profile, 'catalogue.unread', '0123456789ab.picture'))).toBe(true)
  await catalogue.add(lot('Clock'))
  expect(items(await openCatalogue(profile, silentLogger))).toEqual(['1 Clock'])
})

test('a picture whose lot never came is gone after the next start', async () => {
  const profile = newProfile()
  const catalogue = await openCatalogue(profile, silentLogger)
  await catalogue.add(lot('Clock', { picture }))
  writeFileSync(join(profile, 'catalogue', '0123456789ab.picture'), 'x')
  writeFileSync(join(profile, 'catalogue', 'notes.txt'), 'mine')
  await openCatalogue(profile, silentLogger)
  const [id] = catalogue.list().map((each) => each.id)
  expect(readdirSync(join(profile, 'catalogue')).sort()).toEqual([`${id}.picture`, 'lots.json', 'notes.txt'].sort())
})

function kept() {
  const { picture: _, ...fields } = lot('Clock')
  return { ...fields, id: '0123456789ab', hasPicture: false, refusals: 0 }
}

function newProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-catalogue-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
