import { useTranslation } from 'react-i18next'
import { paths, type Route } from '../room/routes.ts'
import { Mark } from '../theme/mark.tsx'
import { AuctionsIcon, BankIcon, SettingsIcon } from './icons.tsx'

const places = [
  { key: 'auctions', path: paths.auctions, Icon: AuctionsIcon, screens: ['auctions', 'lot', 'start-lot'] },
  { key: 'bank', path: paths.bank(), Icon: BankIcon, screens: ['bank'] },
  { key: 'settings', path: paths.settings, Icon: SettingsIcon, screens: ['settings'] },
] as const satisfies readonly { screens: readonly Route['screen'][]; [more: string]: unknown }[]

/** On the left where there is room, at the bottom of a phone. */
export function Rail({ screen }: { readonly screen: Route['screen'] }) {
  const { t } = useTranslation()
  return (
    <nav className="rail" aria-label={t('screens')}>
      <div className="rail-places">
        <div className="rail-mark">
          <Mark />
          <span>Gavelring</span>
        </div>
        {places.map(({ key, path, Icon, screens }) => (
          <a key={key} href={path} aria-current={(screens as readonly string[]).includes(screen) ? 'page' : undefined}>
            <Icon />
            <span>{t(key)}</span>
          </a>
        ))}
      </div>
    </nav>
  )
}
