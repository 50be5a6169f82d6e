import type { Catalogue, CatalogueLot, NewLot, Start } from '../../src/api/catalogue.ts'

interface Kept extends NewLot {
  readonly id: string
  asked: Start | undefined
  refusals: number
}

/** The catalogue without a disk; two lots fill it. */
export function createFakeCatalogue(): Catalogue {
  const lotsMax = 2
  let lots: Kept[] = []
  let next = 1
  const find = (id: string) => lots.find((lot) => lot.id === id)
  const toView = ({ picture, asked: _, refusals: __, ...lot }: Kept, at: number): CatalogueLot => ({
    ...lot,
    number: at + 1,
    hasPicture: picture !== undefined,
  })
  return {
    lotsMax,
    list: () => lots.map(toView),
    async add(lot) {
      if (lots.length >= lotsMax) return undefined
      const id = String(next++).padStart(12, '0')
      lots.push({ ...lot, id, asked: undefined, refusals: 0 })
      return id
    },
    picture: async (id) => {
      const lot = find(id)
      return lot && (lot.picture ?? new Uint8Array())
    },
    async remove(id) {
      const isThere = find(id) !== undefined
      lots = lots.filter((lot) => lot.id !== id)
      return isThere
    },
    async move(id, before) {
      const lot = find(id)
      if (lot === undefined || (before !== undefined && find(before) === undefined)) return false
      const others = lots.filter((each) => each !== lot)
      const at = others.findIndex((each) => each.id === before)
      lots = others.toSpliced(at < 0 ? others.length : at, 0, lot)
      return true
    },
    async begin(id, by) {
      const lot = find(id)
      if (lot === undefined) return undefined
      if (lot.asked !== undefined && lot.asked.payee !== by.payee) return { asked: lot.asked.payee }
      lot.asked = by
      return { requestId: `lot-${id}-${lot.refusals + 1}` }
    },
    async settle(id) {
      const lot = find(id)
      if (lot === undefined) return
      lot.asked = undefined
      lot.refusals++
    },
  }
}
