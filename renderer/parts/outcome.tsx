import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Act } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import { isMoney, useCurrency } from '../room/money.ts'
import type { Outcome, Refused } from '../room/outcome.ts'
import { useStatus } from '../room/use-room.tsx'
import { CrossIcon, TickIcon, WaitIcon } from '../shell/icons.tsx'

/** What became of an operation, in words: waiting, committed with its block, or refused with the numbers. */
export function OutcomeLine({ act }: { readonly act: Act }) {
  const { outcome } = act
  return (
    <div className="outcome" role="status" aria-live="polite" data-outcome={outcome.kind}>
      <Line act={act} outcome={outcome} />
    </div>
  )
}

function Line({ act, outcome }: { readonly act: Act; readonly outcome: Outcome }) {
  const { t } = useTranslation()
  const refusal = useRefusal()
  const { number } = useFormat()
  const hasQuorum = useStatus()?.quorum ?? true
  switch (outcome.kind) {
    case 'none':
      return null
    case 'pending':
      return (
        <p className="wait">
          <WaitIcon />
          {hasQuorum ? t('pending') : t('pendingQuorum')}
        </p>
      )
    case 'committed': {
      const { index, turn, epoch } = outcome.receipt.block
      const at = t('committedAt', { block: number(index), turn: number(turn), epoch })
      return (
        <p className="good" title={at}>
          <TickIcon />
          {t('committed')}
          <span className="faint figures">{at}</span>
        </p>
      )
    }
    case 'refused':
      return (
        <p className="bad">
          <CrossIcon />
          {refusal(outcome)}
        </p>
      )
    case 'unsettled':
      return (
        <p className="wait">
          <WaitIcon />
          {t('unsettled')}
          <Button size="compact-sm" variant="default" onClick={() => void act.askAgain()}>
            {t('askAgain')}
          </Button>
        </p>
      )
  }
}

/** Facts that are moments; whatever else is a number counts something. */
const times: ReadonlySet<string> = new Set(['at', 'until', 'latest'])

/** The code is only known when it comes. */
type LooseText = (key: string, facts: Record<string, string>) => string

/** A refusal in the language that is shown, from its code and its numbers; a code that is not known with the peer's own words. */
export function useRefusal(): (refused: Refused) => string {
  const { t, i18n } = useTranslation('refusals')
  const { format, code: currency, plain } = useCurrency()
  const { clock, number } = useFormat()
  return ({ code, facts, text }) => {
    const shown: Record<string, string> = { text, currency, example: plain(1250) }
    for (const [name, fact] of Object.entries(facts)) {
      if (isMoney(fact)) shown[name] = format(fact.cents)
      else if (typeof fact === 'number') shown[name] = times.has(name) ? clock(fact) : number(fact)
      else if (typeof fact === 'string') shown[name] = fact
    }
    // Of what could not be read the parser says more exactly why.
    const codes = code === 'input-invalid' ? [shown.code ?? '', code] : [code]
    const key = codes.find((each) => i18n.exists(each, { ns: 'refusals', fallbackLng: [] })) ?? 'other'
    return (t as LooseText)(key, shown)
  }
}
