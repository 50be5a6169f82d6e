import { partsOf } from '../../core/address.ts'

/**
 * What discovery makes known: the addresses of `listen`, with the ports that they really have where 0 was asked for.
 * `actual`: where the node listens; it has no 0.0.0.0 and no ::, but all that these stand for, other than addresses of one link.
 */
export function listeningAt(listen: readonly string[], actual: readonly string[]): readonly string[] {
  return listen.flatMap((wanted) => {
    const parts = partsOf(wanted)
    if (parts === undefined || parts.port !== 0) return [wanted]
    const isAny = parts.host === '0.0.0.0' || parts.host === '::'
    const family = wanted.split('/')[1]
    const found = actual.find((address) => address.split('/')[1] === family && (isAny || partsOf(address)?.host === parts.host))
    const port = found && partsOf(found)?.port
    return port === undefined ? [] : [wanted.replace(/\/tcp\/0$/, `/tcp/${port}`)]
  })
}
