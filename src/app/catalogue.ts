import { randomBytes } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Catalogue, type CatalogueLot, lotFields, lotIdText } from '../api/catalogue.ts'
import { diskFailure, makeFolder, readBeginningIfThere, readFileIfThere, replaceFile } from '../io/files.ts'
import type { Logger } from '../peer/ports.ts'
import { createInTurn } from './in-turn.ts'
import { firstFree } from './room-folder.ts'

const lotsMax = 500

/** Read as strictly as if it had been asked for: a file can be edited. */
const keptLot = lotFields.omit({ picture: true }).extend({
  id: lotIdText,
  hasPicture: z.boolean(),
  /** How often it was refused. */
  refusals: z.int().min(0),
  /** It was started, and what became of that is not known. */
  asked: z.object({ room: z.string(), payee: z.string() }).optional(),
})
type KeptLot = Readonly<z.infer<typeof keptLot>>

/**
 * The catalogue in a profile folder: `catalogue/lots.json` has the lots in order, `catalogue/ID.picture` their pictures. One that
 * cannot be read is put aside with a word in the log; the disk's own faults are a `Failure`.
 */
export async function openCatalogue(profile: string, logger: Logger): Promise<Catalogue> {
  const folder = join(profile, 'catalogue')
  const file = join(folder, 'lots.json')
  const pictureFile = (id: string): string => join(folder, `${id}.picture`)
  let lots: readonly KeptLot[] = []
  try {
    lots = (await readLots(file)) ?? (await putAside(folder, logger))
    await makeFolder(folder)
    await dropPictures(folder, new Set(lots.map(({ id }) => `${id}.picture`)))
  } catch (error) {
    throw diskFailure(error, folder)
  }

  const indexOf = (id: string): number => lots.findIndex((lot) => lot.id === id)
  const keep = async (next: readonly KeptLot[]): Promise<void> => {
    await replaceFile(file, `${JSON.stringify(next, undefined, 1)}\n`, 0o600)
    lots = next
  }
  const change = (id: string, lot: Partial<KeptLot>): Promise<void> =>
    keep(lots.map((each) => (each.id === id ? { ...each, ...lot } : each)))
  const inTurn = createInTurn()

  return {
    lotsMax,
    list: () => lots.map(toView),
    add: ({ picture, ...lot }) =>
      inTurn(async () => {
        if (lots.length >= lotsMax) return undefined
        const id = randomBytes(6).toString('hex')
        const hasPicture = picture !== undefined && picture.length > 0
        // First the picture: what the list names is there.
        if (hasPicture) await replaceFile(pictureFile(id), picture, 0o600)
        await keep([...lots, { id, ...lot, hasPicture, refusals: 0 }])
        return id
      }),
    async picture(id) {
      const lot = lots[indexOf(id)]
      if (lot === undefined) return undefined
      return (lot.hasPicture ? await readFileIfThere(pictureFile(id)) : undefined) ?? new Uint8Array()
    },
    remove: (id) =>
      inTurn(async () => {
        if (indexOf(id) < 0) return false
        await keep(lots.filter((lot) => lot.id !== id))
        await rm(pictureFile(id), { force: true })
        return true
      }),
    move: (id, before) =>
      inTurn(async () => {
        const lot = lots[indexOf(id)]
        if (lot === undefined || (before !== undefined && indexOf(before) < 0)) return false
        if (before === id) return true
        const others = lots.filter((each) => each !== lot)
        const at = before === undefined ? others.length : others.findIndex((each) => each.id === before)
        await keep(others.toSpliced(at, 0, lot))
        return true
      }),
    begin: (id, by) =>
      inTurn(async () => {
        const lot = lots[indexOf(id)]
        if (lot === undefined) return undefined
        const { asked, refusals } = lot
        const isAsked = asked?.room === by.room
        if (isAsked && asked.payee !== by.payee) return { asked: asked.payee }
        if (!isAsked) await change(id, { asked: { room: by.room, payee: by.payee } })
        return { requestId: `lot-${id}-${refusals + 1}` }
      }),
    settle: (id) =>
      inTurn(async () => {
        const lot = lots[indexOf(id)]
        if (lot !== undefined) await change(id, { asked: undefined, refusals: lot.refusals + 1 })
      }),
  }
}

function toView({ refusals: _, asked: __, ...lot }: KeptLot, index: number): CatalogueLot {
  return { ...lot, number: index + 1 }
}

/** `undefined`: what stands there is no catalogue. */
async function readLots(file: string): Promise<readonly KeptLot[] | undefined> {
  const contents = await readBeginningIfThere(file)
  return contents === undefined ? [] : parseLots(new TextDecoder().decode(contents))
}

/** With its pictures: it may be all that is left of an evening's work. */
async function putAside(folder: string, logger: Logger): Promise<readonly KeptLot[]> {
  const aside = firstFree((number) => `${folder}.unread${number > 1 ? `-${number}` : ''}`)
  await rename(folder, aside)
  logger.warn('catalogue-unread', { folder: aside })
  return []
}

function parseLots(text: string): readonly KeptLot[] | undefined {
  try {
    return z.array(keptLot).max(lotsMax).safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Of a lot whose adding or removing was cut short. */
async function dropPictures(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^[0-9a-f]{12}\.picture(?:\.new)?$/.test(name) && !kept.has(name)) await rm(join(folder, name), { force: true })
  }
}
