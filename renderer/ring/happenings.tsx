import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Past } from './history.ts'
import { kindOf } from './kinds.ts'
import { type Happening, keyOf } from './scene.ts'
import { useTeller } from './tell.ts'
import type { TokenStep } from './types.ts'

const shownMax = 30
/** Newer ones come so often, in milliseconds: a list that runs away cannot be read. */
const freshMillis = 1_000

/** The last happenings as text, for whoever does not see the diagram: the newest first. It stands still while one is in it. */
export function Happenings({ past, onOpen }: { readonly past: Past; onOpen(step: Happening): void }) {
  const { t } = useTranslation('ring')
  const tell = useTeller()
  const [isHeld, setHeld] = useState(false)
  const shown = useRef<{ readonly at: number; readonly all: readonly (Happening | TokenStep)[] }>({ at: 0, all: [] })
  const now = performance.now()
  if (!isHeld && now - shown.current.at >= freshMillis) shown.current = { at: now, all: newestOf(past) }
  return (
    <section className="ring-happenings">
      <h2>{t('happenings')}</h2>
      <ol
        className="plain"
        aria-label={t('happenings')}
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
      >
        {shown.current.all.map((step) =>
          step.kind === 'token' ? (
            <li key={`token ${step.epoch} ${step.turn}`}>
              <span className="ring-happening">{tell(step)}</span>
            </li>
          ) : (
            <li key={keyOf(step)}>
              <button type="button" className="ring-happening" onClick={() => onOpen(step)}>
                {tell(step)}
              </button>
            </li>
          ),
        )}
      </ol>
    </section>
  )
}

function newestOf({ frames, blocks, tokens }: Past): readonly (Happening | TokenStep)[] {
  // A move of the token is told once, as such; heartbeats would be most of the list.
  const spoken = frames.slice(-20 * shownMax).filter(({ message }) => message !== 'token' && kindOf(message) !== 'heartbeat')
  const newest = [...spoken, ...blocks.slice(-shownMax), ...tokens.slice(-shownMax)]
  return newest.sort((a, b) => b.at - a.at).slice(0, shownMax)
}
