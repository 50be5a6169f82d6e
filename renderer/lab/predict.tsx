import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Allowed } from '../parts/allowed.tsx'
import { AskedLine } from '../parts/asked.tsx'
import { useAsk } from '../room/ask.ts'
import { useFormat } from '../room/format.ts'
import { TickIcon } from '../shell/icons.tsx'
import { rememberRounds } from './rounds.ts'
import { useTell } from './tell.ts'
import type { Prediction, Run } from './types.ts'

/** Who enters next? Everybody says what it thinks; the step closes the round, then comes the truth. */
export function Predict({ run }: { readonly run: Run }) {
  const { t } = useTranslation('lab')
  const tell = useTell()
  const asking = useAsk()
  const { experiment, round, votes, myVote, members, predictions } = run
  const [rounds, setRounds] = useState<readonly Prediction[]>([])
  useEffect(() => setRounds((known) => rememberRounds(known, predictions)), [predictions])
  const vote = (peer: string): void => void asking.run((api) => api.lab.predict({ experiment, round, peer }))
  const candidates = members.filter(({ part }) => part !== 'absent' && part !== 'done')
  return (
    <section aria-labelledby="lab-predict" className="lab-predict" data-round={round}>
      <h3 id="lab-predict">{t('predict')}</h3>
      <Allowed to="lab.predict">
        <div className="actions">
          {candidates.map(({ peer }) => (
            <Button key={peer} variant="default" aria-pressed={peer === myVote} onClick={() => vote(peer)}>
              {peer === myVote && <TickIcon />} {tell.name(peer)}
            </Button>
          ))}
        </div>
      </Allowed>
      <p className="faint" role="status">
        {t('votes', { count: votes, round })}
      </p>
      <AskedLine asked={asking.asked} />
      <ol className="plain" aria-label={t('rounds')}>
        {rounds
          .toReversed()
          .slice(0, 5)
          .map((prediction) => (
            <Closed key={prediction.round} prediction={prediction} />
          ))}
      </ol>
      <Predicted run={run} />
    </section>
  )
}

/** How good all guesses of the run were together. */
export function Predicted({ run: { predicted } }: { readonly run: Run }) {
  const { t } = useTranslation('lab')
  const { number } = useFormat()
  const { rounds, votes, right } = predicted
  if (rounds === 0) return null
  return (
    <p className="faint" data-predicted={`${right}/${votes}`}>
      {t('predicted', { count: rounds, right: number(right), votes: number(votes) })}
    </p>
  )
}

function Closed({ prediction }: { readonly prediction: Prediction }) {
  const { t } = useTranslation('lab')
  const tell = useTell()
  const { round, tally, voters, entered } = prediction
  return (
    <li className="lab-round" data-closed={round} data-entered={entered ?? ''}>
      <p>
        <strong>{t('round', { round })}</strong>{' '}
        {entered === undefined ? t('truthOpen') : t('truth', { name: tell.name(entered) })}
      </p>
      <ul className="plain">
        {tally.map(({ peer, votes }) => (
          <li key={peer} className="lab-tally">
            <span className="lab-tally-name">
              {tell.name(peer)} {peer === entered && <TickIcon />}
            </span>
            <span className="lab-bar" aria-hidden="true">
              <i
                className={peer === entered ? 'right' : undefined}
                style={{ width: `${(votes / Math.max(1, voters)) * 100}%` }}
              />
            </span>
            <span className="figures">{t('voteCount', { count: votes })}</span>
          </li>
        ))}
      </ul>
    </li>
  )
}
