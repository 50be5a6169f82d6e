import { useTranslation } from 'react-i18next'
import type { AccountSummary, PeerView } from '../../src/api/views.ts'
import { Delayed } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { paths } from '../room/routes.ts'
import { useLive, useRoom } from '../room/use-room.tsx'

/** So many accounts of one peer are named. */
const accountsMax = 3

/** Who sits where: each peer of the room, what it is in the ring, how it is reached and how fast, and its accounts. */
export function Who({ founder }: { readonly founder: string }) {
  const { t } = useTranslation('class')
  const room = useRoom()
  const peers = useLive(room.peers)
  const accounts = useLive(room.accounts) ?? []
  if (peers === undefined) return <Delayed />
  const here = peers.filter(({ self, path }) => self || path.kind === 'direct' || path.kind === 'mesh')
  return (
    <section aria-labelledby="who-title">
      <div className="title-row">
        <h2 id="who-title">
          {t('here')} <span className="faint">{t('hereCount', { count: here.length })}</span>
        </h2>
        <a href={paths.welcome}>{t('letIn')}</a>
      </div>
      <table className="ledger who">
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            <th scope="col">{t('role')}</th>
            <th scope="col">{t('way')}</th>
            <th scope="col" className="right">
              {t('roundTrip')}
            </th>
            <th scope="col">{t('accounts')}</th>
          </tr>
        </thead>
        <tbody>
          {inOrder(peers).map((peer) => (
            <Peer
              key={peer.peer}
              peer={peer}
              isHost={peer.peer === founder}
              accounts={accounts.filter(({ owner, closed }) => owner === peer.peer && !closed)}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Peer({
  peer,
  isHost,
  accounts,
}: {
  readonly peer: PeerView
  readonly isHost: boolean
  readonly accounts: readonly AccountSummary[]
}) {
  const { t } = useTranslation('class')
  const { t: common } = useTranslation()
  const { number } = useFormat()
  const { name, self, role, path, roundTripMillis } = peer
  const shown = accounts.slice(0, accountsMax)
  return (
    <tr className={role === 'unreachable' ? 'gone' : undefined} data-peer={peer.peer}>
      <td className="who-name">
        <Name text={name === '' ? `…${peer.peer.slice(-6)}` : name} />
        {self && <span className="tag">{common('you')}</span>}
        {isHost && <span className="tag">{t('host')}</span>}
      </td>
      <td className="who-role">{t(`role_${role}`)}</td>
      <td className="who-way" title={path.address}>
        {t(`path_${path.kind}`)}
      </td>
      <td className="right figures who-time">
        {roundTripMillis === undefined ? '' : t('millis', { millis: number(Math.round(roundTripMillis * 10) / 10) })}
      </td>
      <td className="who-accounts">
        {shown.length === 0 && <span className="faint">{t('noAccounts')}</span>}
        {shown.map(({ account }) => (
          <a key={account} href={paths.bank(account)}>
            {account}
          </a>
        ))}
        {accounts.length > shown.length && (
          <span className="faint">{t('moreAccounts', { count: accounts.length - shown.length })}</span>
        )}
      </td>
    </tr>
  )
}

/** This peer, then who can be reached, by name: so that a class is found as it is in a register. */
function inOrder(peers: readonly PeerView[]): readonly PeerView[] {
  const rank = ({ self, role }: PeerView): number => (self ? 0 : role === 'unreachable' ? 2 : role === 'refused' ? 3 : 1)
  return [...peers].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || (a.peer < b.peer ? -1 : 1))
}
