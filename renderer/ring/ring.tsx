import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { Delayed } from '../parts/empty.tsx'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { Circle } from './circle.tsx'
import { Diagram } from './diagram.tsx'
import { Detail } from './frame-detail.tsx'
import { Happenings } from './happenings.tsx'
import type { History } from './history.ts'
import type { Membership } from './membership.ts'
import { RingNames, useRingNames } from './names.tsx'
import { Pace } from './pace.tsx'
import { type Happening, keyOf } from './scene.ts'
import { seenOf } from './seen.ts'
import { Standing } from './standing.tsx'
import type { RingView } from './types.ts'
import { useHistory, useMembership, useRingView } from './use-ring.ts'
import './ring.css'

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
  const seen = seenOf(membership, history, ring, peers)
  const { silent } = seen

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
        <Circle history={history} seen={seen} nameOf={nameOf} />
        <div className="ring-side">
          <Standing seen={seen} />
          {ring !== undefined && <Pace status={status} paceMillis={ring.paceMillis} />}
        </div>
      </div>
      <Diagram
        history={history}
        seen={seen}
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
