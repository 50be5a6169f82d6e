import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { isElsewhere, useShortcuts, useShownShortcuts } from '../parts/shortcuts.ts'
import { go } from '../room/location.ts'
import { CrossIcon, KeysIcon } from './icons.tsx'
import { places } from './places.tsx'

/** How long after `g` its letter may come, in milliseconds. */
const leadMillis = 1_500

/** `g`, then the letter of a screen, leads there. */
export function useGoKeys(): void {
  useEffect(() => {
    let ledAt = Number.NEGATIVE_INFINITY
    const onKey = (event: KeyboardEvent): void => {
      if (isElsewhere(event)) return
      const isLed = event.timeStamp - ledAt < leadMillis
      ledAt = event.key === 'g' && !isLed ? event.timeStamp : Number.NEGATIVE_INFINITY
      const place = isLed ? places.find(({ letter }) => letter === event.key) : undefined
      if (place === undefined) return
      // The second key is this one's alone, whatever it does on the screen.
      event.preventDefault()
      event.stopImmediatePropagation()
      go(place.path)
    }
    window.addEventListener('keydown', onKey, { capture: true })
    return () => window.removeEventListener('keydown', onKey, { capture: true })
  }, [])
}

/** The list of keys, and the button that opens it. */
export function Keys() {
  const { t } = useTranslation()
  const dialog = useRef<HTMLDialogElement>(null)
  const open = (): void => dialog.current?.showModal()
  const close = (): void => dialog.current?.close()
  const shortcuts = useShownShortcuts()
  useShortcuts([{ key: '?', text: t('keysHint'), run: open }])
  return (
    <>
      <button type="button" className="round keys-button" aria-label={t('keys')} title={t('keysTitle')} onClick={open}>
        <KeysIcon />
      </button>
      <dialog ref={dialog} className="keys" aria-labelledby="keys-title">
        <div className="row">
          <h2 id="keys-title">{t('keys')}</h2>
          <button type="button" className="round" aria-label={t('close')} onClick={close}>
            <CrossIcon />
          </button>
        </div>
        <dl className="facts">
          {shortcuts.map(({ key, text }) => (
            <div key={`${key} ${text}`}>
              <dt>{text}</dt>
              <dd>
                <kbd>{key === ' ' ? t('spaceKey') : key}</kbd>
              </dd>
            </div>
          ))}
          {places.map(({ key, letter }) => (
            <div key={key}>
              <dt>{t(key)}</dt>
              <dd>
                <kbd>g</kbd> <kbd>{letter}</kbd>
              </dd>
            </div>
          ))}
        </dl>
      </dialog>
    </>
  )
}
