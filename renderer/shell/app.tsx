import { lazy, Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { AuctionList } from '../auctions/list.tsx'
import { LotPage } from '../auctions/lot.tsx'
import { Delayed } from '../parts/empty.tsx'
import { useHash } from '../room/location.ts'
import { parseRoute, type Route } from '../room/routes.ts'
import { useRooms } from '../room/use-room.tsx'
import { Bars } from './bars.tsx'
import { Head } from './head.tsx'
import { useGoKeys } from './keys.tsx'
import { Notices } from './notices.tsx'
import { Rail } from './rail.tsx'
import './shell.css'

const StartLot = lazy(async () => ({ default: (await import('../auctions/start-lot.tsx')).StartLot }))
const Catalogue = lazy(() => import('../auctions/catalogue.tsx'))
const Bank = lazy(async () => ({ default: (await import('../bank/bank.tsx')).Bank }))
const Ring = lazy(() => import('../ring/ring.tsx'))
const Log = lazy(() => import('../log/log.tsx'))
const Class = lazy(() => import('../class/class.tsx'))
const Lab = lazy(() => import('../lab/lab.tsx'))
const Welcome = lazy(() => import('../welcome/welcome.tsx'))
const Settings = lazy(async () => ({ default: (await import('../settings/settings.tsx')).Settings }))
const Projector = lazy(async () => ({ default: (await import('../projector/projector.tsx')).Projector }))

export function App() {
  const asked = parseRoute(useHash())
  const rooms = useRooms()
  const isIn = rooms === undefined || rooms.state === 'in'
  // In no room every screen leads to the rooms; but for the settings, which are this peer's own.
  const route: Route = isIn || asked.screen === 'settings' ? asked : { screen: 'welcome', room: undefined }
  if (route.screen === 'projector') {
    return (
      <Suspense fallback={null}>
        <Projector auction={route.auction} />
      </Suspense>
    )
  }
  return <Frame route={route} room={rooms === undefined ? undefined : isIn ? (rooms.room?.id ?? '') : ''} />
}

/**
 * `room`: the id of the one that this peer is in; empty: in none; `undefined`: not told yet. What is half done on a screen belongs
 * to it, and is gone with it.
 */
function Frame({ route, room }: { readonly route: Route; readonly room: string | undefined }) {
  const { t } = useTranslation()
  const content = useRef<HTMLElement>(null)
  const place = route.screen === 'lot' ? route.auction : route.screen
  const shown = useRef(place)
  // A reader of the screen, and the keyboard, go on where the new screen begins.
  useEffect(() => {
    if (shown.current === place) return
    shown.current = place
    content.current?.focus()
    window.scrollTo(0, 0)
  }, [place])
  useGoKeys()
  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        {t('skip')}
      </button>
      <Rail screen={route.screen} isIn={room !== ''} />
      <div className="page">
        <Bars />
        <Head />
        <main
          ref={content}
          tabIndex={-1}
          className="content"
          data-screen={route.screen}
          key={route.screen === 'welcome' ? 'welcome' : `${route.screen} ${room}`}
        >
          <Suspense fallback={<Waiting />}>{room === undefined ? <Waiting /> : <Screen route={route} />}</Suspense>
        </main>
        <Notices route={route} />
      </div>
    </div>
  )
}

/** Nothing is told yet; whoever reads by headings finds one all the same. */
function Waiting() {
  return (
    <>
      <h1 className="unseen">Gavelring</h1>
      <Delayed />
    </>
  )
}

function Screen({ route }: { readonly route: Route }) {
  switch (route.screen) {
    case 'lot':
      return <LotPage key={route.auction} auction={route.auction} />
    case 'start-lot':
      return <StartLot />
    case 'bank':
      return <Bank account={route.account} />
    case 'catalogue':
      return <Catalogue />
    case 'ring':
      return <Ring />
    case 'log':
      return <Log block={route.block} />
    case 'class':
      return <Class />
    case 'lab':
      return <Lab experiment={route.experiment} />
    case 'welcome':
      return <Welcome room={route.room} />
    case 'settings':
      return <Settings />
    case 'auctions':
    case 'projector':
      return <AuctionList />
  }
}
