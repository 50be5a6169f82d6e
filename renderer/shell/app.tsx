import { lazy, Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { AuctionList } from '../auctions/list.tsx'
import { LotPage } from '../auctions/lot.tsx'
import { Delayed } from '../parts/empty.tsx'
import { useHash } from '../room/location.ts'
import { parseRoute, type Route } from '../room/routes.ts'
import { Bars } from './bars.tsx'
import { Head } from './head.tsx'
import { Notices } from './notices.tsx'
import { Rail } from './rail.tsx'

const StartLot = lazy(async () => ({ default: (await import('../auctions/start-lot.tsx')).StartLot }))
const Bank = lazy(async () => ({ default: (await import('../bank/bank.tsx')).Bank }))
const Settings = lazy(async () => ({ default: (await import('../settings/settings.tsx')).Settings }))
const Projector = lazy(async () => ({ default: (await import('../projector/projector.tsx')).Projector }))

export function App() {
  const route = parseRoute(useHash())
  if (route.screen === 'projector') {
    return (
      <Suspense fallback={null}>
        <Projector auction={route.auction} />
      </Suspense>
    )
  }
  return <Frame route={route} />
}

function Frame({ route }: { readonly route: Route }) {
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
  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        {t('skip')}
      </button>
      <Rail screen={route.screen} />
      <div className="page">
        <Bars />
        <Head />
        <main ref={content} tabIndex={-1} className="content" key={route.screen}>
          <Suspense fallback={<Delayed />}>
            <Screen route={route} />
          </Suspense>
        </main>
        <Notices route={route} />
      </div>
    </div>
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
    case 'settings':
      return <Settings />
    default:
      return <AuctionList />
  }
}
