import { useTranslation } from 'react-i18next'
import { printable } from '../../src/core/safe-text.ts'
import { Name } from '../parts/name.tsx'
import { useNameOf } from '../room/use-room.tsx'
import { useMeasure } from './tell.ts'
import type { Member } from './types.ts'

export interface MembersProps {
  readonly members: readonly Member[]
  readonly self: string
  /** Entries of each. */
  readonly quota: number
}

/** Who is where, in words: the circle beside it shows the same. */
export function Members({ members, self, quota }: MembersProps) {
  const { t } = useTranslation('lab')
  const { whole } = useMeasure()
  const nameOf = useNameOf()
  return (
    <table className="ledger lab-members">
      <caption className="unseen">{t('members')}</caption>
      <thead>
        <tr>
          <th>{t('peer')}</th>
          <th>{t('part')}</th>
          <th className="right">{t('entered')}</th>
          <th className="right">{t('messages')}</th>
        </tr>
      </thead>
      <tbody>
        {members.map(({ peer, part, why, entries, sent }) => (
          <tr key={peer} data-peer={peer} data-part={part}>
            <td>
              <Name text={nameOf(peer)} />
              {peer === self && <span className="faint"> ({t('you', { ns: 'common' })})</span>}
            </td>
            <td>
              <span className={`lab-part ${part}`}>{t(`part_${part}`)}</span>
              {why !== undefined && (
                <bdi className="faint" lang="en">
                  {' '}
                  {printable(why.slice(0, 200))}
                </bdi>
              )}
            </td>
            <td className="right figures">
              {whole(entries)} / {whole(quota)}
            </td>
            <td className="right figures">
              {whole(sent.entry)}
              {sent.overhead > 0 && ` + ${whole(sent.overhead)}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
