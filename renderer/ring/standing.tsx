import { useTranslation } from 'react-i18next'
import { Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import type { News } from './membership.ts'
import { useRingNames } from './names.tsx'
import type { Seen } from './seen.ts'

/** More than stand beside the circle. */
const manyMembers = 10

/** All that the circle shows, in words. */
export function Standing({ seen }: { readonly seen: Seen }) {
  const { t } = useTranslation('ring')
  const { number } = useFormat()
  const nameOf = useRingNames()
  const { self, epoch, members, reachable, quorum, outside, token, waiting, suspected, away, news } = seen
  const initiator = [...members, ...outside].find((peer) => peer.endsWith(epoch.slice(epoch.indexOf('.') + 1)))
  const isMany = members.length + outside.length > manyMembers
  const stateOf = (peer: string): string => {
    if (suspected.has(peer)) return t('isSuspected')
    if (away.has(peer)) return t('isAway')
    if (token?.to === peer) return t('hasToken')
    return waiting.has(peer) ? t('waits') : ''
  }
  return (
    <section className="card ring-standing">
      <dl className="facts">
        <div>
          <dt>{t('quorum')}</dt>
          <dd>{t(quorum ? 'quorumHeld' : 'quorumLost', { reachable: reachable.length, count: members.length })}</dd>
        </div>
        <div>
          <dt>{t('epoch')}</dt>
          <dd>{initiator === undefined ? epoch : t('epochBy', { epoch, name: nameOf(initiator) })}</dd>
        </div>
        <div>
          <dt>{t('turn')}</dt>
          <dd>{token === undefined ? '' : number(token.turn)}</dd>
        </div>
        <div>
          <dt>{t('waiting')}</dt>
          <dd>{waiting.size === 0 ? t('nobody') : <Names peers={[...waiting]} />}</dd>
        </div>
      </dl>
      <h2 className="unseen">{t('inOrder')}</h2>
      <ol
        className={isMany ? 'plain ring-members many' : 'plain ring-members'}
        aria-label={t('inOrder')}
        // What is scrolled is scrolled by keys, too.
        tabIndex={isMany ? 0 : undefined}
      >
        {members.map((peer) => (
          <li key={peer} className="row" data-state={stateOf(peer) === '' ? undefined : stateOf(peer)}>
            <span className={token?.to === peer ? 'ring-spot lit' : 'ring-spot'} aria-hidden="true" />
            <span className="grow">
              <Name text={nameOf(peer)} />
              {peer === self && <span className="faint"> ({t('you', { ns: 'common' })})</span>}
            </span>
            <span className={suspected.has(peer) || away.has(peer) ? 'bad' : 'faint'}>{stateOf(peer)}</span>
          </li>
        ))}
        {outside.map((peer) => (
          <li key={peer} className="row">
            <span className="ring-spot outside" aria-hidden="true" />
            <Name text={nameOf(peer)} />
            <span className="faint grow">{t('follows')}</span>
          </li>
        ))}
      </ol>
      <Lately news={news} />
    </section>
  )
}

function Names({ peers }: { readonly peers: readonly string[] }) {
  const nameOf = useRingNames()
  const { names } = useFormat()
  return <bdi>{names(peers.slice(0, 8).map((peer) => nameOf(peer)))}</bdi>
}

/** Who was suspected, voted out or came: told as it happens, the newest on top. */
function Lately({ news }: { readonly news: readonly News[] }) {
  const { t } = useTranslation('ring')
  const { clock } = useFormat()
  const nameOf = useRingNames()
  const textOf = (each: News): string =>
    'peer' in each
      ? t(`news_${each.kind}`, { name: nameOf(each.peer), epoch: each.epoch })
      : t(`news_${each.kind}`, { epoch: each.epoch })
  return (
    <div className="ring-lately" role="log" aria-label={t('lately')}>
      <ul className="plain">
        {news
          .map((each) => (
            <li key={`${each.kind} ${each.at} ${'peer' in each ? each.peer : ''}`} data-news={each.kind}>
              <span className="faint figures">{clock(each.at)}</span> {textOf(each)}
            </li>
          ))
          .reverse()}
      </ul>
    </div>
  )
}
