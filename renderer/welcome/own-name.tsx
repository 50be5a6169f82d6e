import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { shortName } from '../parts/name.tsx'
import { useAsk } from '../room/ask.ts'
import { useRoom } from '../room/use-room.tsx'

const nameCharsMax = 64

/** How the others see this peer. */
export function OwnName({ name }: { readonly name: string }) {
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
