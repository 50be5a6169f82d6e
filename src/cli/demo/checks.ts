import { auditProfile, type LogAudit } from '../../app/audit-log.ts'
import type { DemoFacts } from './story.ts'

export interface DemoCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** Holds every peer's own log, as it lies on the disk, against what must be so. */
export async function checkLogs(facts: DemoFacts): Promise<readonly DemoCheck[]> {
  const audits: LogAudit[] = []
  for (const { name, profile } of facts.profiles) audits.push(await auditProfile(name, profile, facts.room))
  return [
    checkEach('every log is good', audits, (log) => log.fault, `${audits.length} logs, hashes to market`),
    checkPrefix(audits),
    checkEach('no cent came or went', audits, faultOfSum, 'accounts hold what was deposited, less what was withdrawn'),
    checkEach('the highest bid won', audits, (log) => faultOfWinner(log, facts), wonText(facts)),
    checkEach(
      'each operation once',
      audits,
      (log) => faultOfOperations(log, facts.acknowledged),
      `${facts.acknowledged.length} acknowledged, all in every log`,
    ),
  ]
}

function checkEach(
  name: string,
  audits: readonly LogAudit[],
  faultOf: (log: LogAudit) => string | undefined,
  detail: string,
): DemoCheck {
  for (const log of audits) {
    const fault = faultOf(log)
    if (fault !== undefined) return { name, ok: false, detail: `${log.name}: ${fault}` }
  }
  return { name, ok: true, detail }
}

function checkPrefix(audits: readonly LogAudit[]): DemoCheck {
  const name = 'one log for all'
  const [longest] = [...audits].sort((a, b) => b.hashes.length - a.hashes.length)
  for (const log of audits) {
    const index = log.hashes.findIndex((hash, at) => hash !== longest?.hashes[at])
    if (index >= 0) return { name, ok: false, detail: `${log.name} and ${longest?.name} differ at block ${index}` }
  }
  const lengths = audits.map((log) => log.hashes.length)
  return {
    name,
    ok: true,
    detail: `the same blocks in the same order, ${Math.min(...lengths)} to ${Math.max(...lengths)} of them`,
  }
}

function faultOfSum(log: LogAudit): string | undefined {
  if (log.sum === 0) return undefined
  return `the sum is ${log.sum} cents`
}

/** Looked for anew among the accepted bids: the market's own word is not asked. */
function faultOfWinner(log: LogAudit, facts: DemoFacts): string | undefined {
  const bids = log.bids.filter((bid) => bid.auction === facts.auction)
  const endings = log.endings.filter((ending) => ending.auction === facts.auction)
  const [ending] = endings
  if (ending === undefined || endings.length > 1) return `the auction ended ${endings.length} times`
  const highest = bids.reduce<(typeof bids)[number] | undefined>(
    (best, bid) => (best === undefined || bid.amount > best.amount ? bid : best),
    undefined,
  )
  if (highest?.account !== ending.winner || highest?.amount !== ending.price) {
    return `${ending.winner ?? 'nobody'} won, but ${highest?.account ?? 'nobody'} bid most`
  }
  return ending.winner === facts.winner ? undefined : `${ending.winner} won, not ${facts.winner}`
}

const wonText = ({ winner, price }: DemoFacts): string => (winner === undefined ? 'nobody bid' : `${winner}, for ${price}`)

function faultOfOperations(log: LogAudit, acknowledged: readonly string[]): string | undefined {
  for (const operation of acknowledged) {
    const times = log.accepted.get(operation) ?? 0
    if (times !== 1) return `operation ${operation} was done ${times} times`
  }
  return undefined
}
