import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { useShortcuts } from '../parts/shortcuts.ts'
import { useAsk } from '../room/ask.ts'
import { fieldsOf, useTell } from './tell.ts'
import type { Run } from './types.ts'

/** More are a number. */
const heldShown = 40

/** Messages wait at their senders; the host lets the next one go, or drops or delays one. Everybody sees which ones wait. */
export function StepMode({ run, isHost }: { readonly run: Run; readonly isHost: boolean }) {
  const { t } = useTranslation('lab')
  const asking = useAsk()
  const { experiment, held } = run
  const step = (act: 'release' | 'drop' | 'delay', message?: string): void =>
    void asking.run((api) => api.lab.step({ experiment, act, ...(message !== undefined && { message }) }))
  return (
    <section aria-labelledby="lab-held" className="lab-held">
      <h3 id="lab-held">{t('held', { count: held.length })}</h3>
      {isHost && <HostKeys onNext={() => step('release')} />}
      {isHost && (
        <div className="actions">
          <Button disabled={held.length === 0} onClick={() => step('release')}>
            {t('next')}
          </Button>
        </div>
      )}
      <AskedLine asked={asking.asked} />
      {held.length === 0 && <p className="faint">{t('nothingHeld')}</p>}
      {/* Without buttons in it, what is longer than its place is scrolled by keys. */}
      <ol className="plain" tabIndex={isHost ? undefined : 0} aria-labelledby="lab-held">
        {held.slice(0, heldShown).map((one, index) => (
          <HeldLine key={one.id} one={one} isFirst={index === 0} onStep={isHost ? step : undefined} />
        ))}
      </ol>
      {held.length > heldShown && <p className="faint">{t('moreOf', { ns: 'common', count: held.length - heldShown })}</p>}
      {isHost && <p className="faint">{t('stepKeys')}</p>}
    </section>
  )
}

/** The space bar, and the forward key of what presenters hold in their hands. */
function HostKeys({ onNext }: { onNext(): void }) {
  const { t } = useTranslation('lab')
  useShortcuts([
    { key: ' ', text: t('next'), run: onNext },
    { key: 'PageDown', text: t('next'), run: onNext },
  ])
  return null
}

interface HeldLineProps {
  readonly one: Run['held'][number]
  readonly isFirst: boolean
  readonly onStep: ((act: 'release' | 'drop' | 'delay', message: string) => void) | undefined
}

function HeldLine({ one, isFirst, onStep }: HeldLineProps) {
  const { t } = useTranslation('lab')
  const tell = useTell()
  const { id, message, lamport, attempt, rank } = one
  const line = tell.held(one)
  const fields = fieldsOf(message)
  return (
    <li className={isFirst ? 'lab-message first' : 'lab-message'} data-held={id}>
      <span className="grow">
        {line}{' '}
        <span className="faint figures">
          {t('lamport', { lamport })}
          {fields !== '' && ` · ${fields}`}
          {attempt > 1 && ` · ${t('attempt', { attempt })}`}
          {rank > 0 && ` · ${t('delayed')}`}
        </span>
      </span>
      {onStep !== undefined && (
        <span className="actions">
          {(['release', 'drop', 'delay'] as const).map((act) => (
            <Button
              key={act}
              size="compact-sm"
              variant="default"
              aria-label={`${t(`act_${act}`)}: ${line}`}
              onClick={() => onStep(act, id)}
            >
              {t(`act_${act}`)}
            </Button>
          ))}
        </span>
      )}
    </li>
  )
}
