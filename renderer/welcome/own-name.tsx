import { Button, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { Name, shortName } from '../parts/name.tsx'
import { useAsk } from '../room/ask.ts'
import { useRole, useRoom } from '../room/use-room.tsx'
import { Fold } from './fold.tsx'

const nameCharsMax = 64

/** How the others see this peer, in a line; the form is one click away. */
export function OwnNameLine({ name }: { readonly name: string }) {
  const { t } = useTranslation('welcome')
  const { may } = useRole()
  const [isOpen, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const close = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  return (
    <div className="own-name">
      <p>
        <span className="faint">{t('seenAs')}</span> <Name text={name} />
        <Button
          ref={button}
          size="compact-md"
          variant="default"
          aria-label={t('changeName')}
          disabled={!may('rooms.rename')}
          aria-expanded={isOpen}
          aria-controls="own-name"
          onClick={() => setOpen(!isOpen)}
        >
          {t('change')}
        </Button>
      </p>
      <Fold id="own-name" isOpen={isOpen} onClose={close}>
        <OwnName name={name} onSaved={close} />
      </Fold>
    </div>
  )
}

/** The form for it. */
export function OwnName({ name, onSaved }: { readonly name: string; onSaved?(): void }) {
  const { t } = useTranslation('welcome')
  const room = useRoom()
  const { asked, run } = useAsk<object>()
  const [typed, setTyped] = useState<string>()
  const text = typed ?? shortName(name)
  const isNew = text.trim() !== '' && text.trim() !== name
  const save = async (): Promise<void> => {
    const answer = await run((api) => api.rooms.rename({ name: text.trim() }))
    if (answer === undefined) return
    setTyped(undefined)
    room.rooms.refresh()
    room.peers.refresh()
    room.status.refresh()
    onSaved?.()
  }
  return (
    <form
      className="card form"
      aria-labelledby="own-name-title"
      onSubmit={(event) => {
        event.preventDefault()
        if (isNew) void save()
      }}
    >
      <h2 id="own-name-title">{t('yourName')}</h2>
      <div className="field-row">
        <TextInput
          className="grow"
          aria-label={t('yourName')}
          maxLength={nameCharsMax}
          autoComplete="nickname"
          value={text}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={!isNew} loading={asked.kind === 'asking'}>
          {t('saveName')}
        </Button>
      </div>
      <AskedLine asked={asked} />
    </form>
  )
}
