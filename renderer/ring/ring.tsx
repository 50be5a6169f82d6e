import { RingNames, useRingNames } from './names.tsx'
import './ring.css'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PeerView, StatusView } from '../../src/api/views.ts'
import { Delayed } from '../parts/empty.tsx'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { Circle } from './circle.tsx'
import { Diagram } from './diagram.tsx'
import { Detail } from './frame-detail.tsx'
import { Happenings } from './happenings.tsx'
import type { History } from './history.ts'
import type { Membership } from './membership.ts'
import { Pace } from './pace.tsx'
import { type Happening, keyOf } from './scene.ts'
import { Standing } from './standing.tsx'
import type { TokenStep } from './types.ts'
import { type RingView, useHistory, useMembership, useRingView } from './use-ring.ts'

/** The ring as it turns: who is in it, where the token is, and below it what the peers say to each other. */
export default function Ring() {
  const { t } = useTranslation('ring')
  const status = useStatus()
  return (
    <>
      <h1>{t('title')}</h1>
      {status === undefined ? (
        <Delayed />
      ) : (
        // Another room, another ring: nothing of the one before is shown.
        <RingNames key={status.room.id}>
          <RingOf status={status} />
        </RingNames>
      )}
    </>
  )
}

function RingOf({ status }: { readonly status: StatusView }) {
  const ring = useRingView()
  const history = useHistory()
  const membership = useMembership(ring, history)
  return membership === undefined ? (
    <Delayed />
  ) : (
    <RingSeen status={status} ring={ring} history={history} membership={membership} />
  )
}

interface RingSeenProps {
  readonly status: StatusView
  readonly ring: RingView | undefined
  readonly history: History
  readonly membership: Membership
}

function RingSeen({ status, ring, history, membership }: RingSeenProps) {
  const { t } = useTranslation('ring')
  const nameOf = useRingNames()
  const peers = useLive(useRoom().peers) ?? []
  const [chosen, setChosen] = useState<string>()
  const [opened, setOpened] = useState<Happening>()
  const opener = useRef<Element | null>(null)
  const { self } = status
  const { sight, departures } = membership
  const { members } = sight
  const outside = peers.filter(isOutside).map(({ peer }) => peer)
  const token = history.token() ?? tokenOf(ring)
  const waiting = new Set(history.requests() ?? ring?.requests ?? [])
  const suspected = new Set(sight.suspected)
  const away = new Set(members.filter((member) => !sight.reachable.includes(member)))
  const recorders = history.recorders()
  const silent = recorders.length === 0 ? [] : members.filter((member) => !away.has(member) && !recorders.includes(member))

  const open = (step: Happening): void => {
    if (opened === undefined) opener.current = document.activeElement
    setChosen(keyOf(step))
    setOpened(step)
  }
  const close = (): void => {
    setOpened(undefined)
    // Back to where one was; a line of the list may be gone meanwhile.
    const back = opener.current?.isConnected === true ? opener.current : document.querySelector('.ring-stage')
    if (back instanceof HTMLElement) back.focus()
  }
  return (
    <div className="ring">
      <div className="ring-top">
        <Circle
          history={history}
          self={self}
          members={members}
          outside={outside}
          departures={departures}
          token={token}
          waiting={waiting}
          suspected={suspected}
          away={away}
          nameOf={nameOf}
        />
        <div className="ring-side">
          <Standing
            status={status}
            membership={membership}
            outside={outside}
            token={token}
            waiting={waiting}
            suspected={suspected}
            away={away}
          />
          {ring !== undefined && <Pace status={status} paceMillis={ring.paceMillis} />}
        </div>
      </div>
      <Diagram
        history={history}
        self={self}
        members={members}
        outside={outside}
        chosen={chosen}
        onChoose={(step) => setChosen(step === undefined ? undefined : keyOf(step))}
        onOpen={open}
      />
      {silent.length > 0 && (
        <p className="faint">{t('silent', { count: silent.length, names: silent.map((peer) => nameOf(peer)).join(', ') })}</p>
      )}
      {opened !== undefined && <Detail key={keyOf(opened)} step={opened} onClose={close} />}
      <Happenings past={history.past()} onOpen={open} />
    </div>
  )
}

/** Those that follow the room, and are in no ring. */
const isOutside = ({ role, connected, self }: PeerView): boolean => role === 'learner' && (connected || self)

/** Before a move of the token was seen: where the peer itself last saw it. */
function tokenOf(ring: RingView | undefined): TokenStep | undefined {
  if (ring?.holder === undefined) return undefined
  return { kind: 'token', at: 0, epoch: ring.epoch, turn: ring.turn, to: ring.holder }
}
