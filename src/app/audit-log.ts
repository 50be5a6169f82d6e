import { readStoredLog, verifyLogRows } from './stored-log.ts'

/** What one peer's log says, gathered from its blocks. */
export interface LogAudit {
  readonly name: string
  /** Why the log is not good; the rest then stops before that block. */
  readonly fault: string | undefined
  /** Of each block. */
  readonly hashes: readonly string[]
  /** Of all accounts, held money too, less what the log says was put in and taken out: 0 if no cent came or went. */
  readonly sum: number
  /** Accepted, in log order. */
  readonly bids: readonly { readonly auction: string; readonly account: string; readonly amount: number }[]
  readonly endings: readonly {
    readonly auction: string
    readonly winner: string | undefined
    readonly price: number | undefined
  }[]
  /** How often each operation was accepted. */
  readonly accepted: ReadonlyMap<string, number>
}

/** Whose balance is counted here from the movements, not asked of the market. */
const issuer = 'issuer'

/**
 * Verifies and reads the log in this profile folder, whose peer is not running: what its disk knows to be committed, or `all`, the
 * newest block too, whose commit is on disk with the next one only.
 */
export async function auditProfile(
  name: string,
  folder: string,
  room: string,
  which: 'committed' | 'all' = 'committed',
): Promise<LogAudit> {
  const hashes: string[] = []
  const bids: LogAudit['bids'][number][] = []
  const endings: LogAudit['endings'][number][] = []
  const accepted = new Map<string, number>()
  let issued = 0
  const rows = readStoredLog(folder, room, which, () => {})
  const { result, market } = await verifyLogRows(rows, ({ block, outcomes }) => {
    hashes.push(block.hash)
    for (const { sequence, outcome, isRepeat } of outcomes) {
      if (outcome?.accepted !== true || block.body.kind !== 'ops') continue
      const id = `${block.author}/${block.body.incarnation}/${sequence}`
      accepted.set(id, (accepted.get(id) ?? 0) + 1)
      // A request that came again was answered again, and moved nothing.
      if (isRepeat === true) continue
      for (const event of outcome.events) {
        if (event.kind === 'moved' && event.from === issuer) issued += event.amount
        if (event.kind === 'moved' && event.to === issuer) issued -= event.amount
        if (event.kind === 'bid-accepted') bids.push(event)
        if (event.kind === 'auction-ended') endings.push(event)
      }
    }
  })
  const accounts = [...(market?.accounts.values() ?? [])].filter(({ id }) => id !== issuer)
  const sum = accounts.reduce((total, account) => total + account.available + account.held, -issued)
  const fault = result.ok ? undefined : `block ${result.bad.index} is bad: ${result.bad.reason}`
  return { name, fault, hashes, sum, bids, endings, accepted }
}
