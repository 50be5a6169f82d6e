import { useTranslation } from 'react-i18next'
import type { Route } from '../room/routes.ts'
import { Mark } from '../theme/mark.tsx'
import { places } from './places.tsx'

/** On the left where there is room, at the bottom of a phone. `isIn`: this peer is in a room; in none only its own places are there. */
export function Rail({ screen, isIn }: { readonly screen: Route['screen']; readonly isIn: boolean }) {
  const { t } = useTranslation()
  return (
    <nav className="rail" aria-label={t('screens')}>
      <div className="rail-places">
        <div className="rail-mark">
          <Mark />
          <span>Gavelring</span>
        </div>
        {places.map(({ key, path, Icon, screens, isOwn }) =>
          !isIn && isOwn === undefined ? null : (
            <a
              key={key}
              href={path}
              className={isIn && key === 'welcome' ? 'wide-only' : undefined}
              aria-current={screens.includes(screen) ? 'page' : undefined}
            >
              <Icon />
              <span>{t(key)}</span>
            </a>
          ),
        )}
      </div>
    </nav>
  )
}
