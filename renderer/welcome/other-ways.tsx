import { Button } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { CreateRoom } from './create-room.tsx'
import { Fold } from './fold.tsx'
import { JoinBy } from './join-by.tsx'
import { otherWays, type Way } from './ways.ts'

interface OtherWaysProps {
  /** The name of the room that is left for another one. */
  readonly current: string | undefined
  /** Nothing else on the screen is nearer at hand. */
  readonly isFirst: boolean
  /** Which of them is open. */
  readonly open: Way | undefined
  onOpen(way: Way | undefined): void
}

/** Into a room that is not in the list: it is created, or somebody has sent a link or an address. Each form is one click away. */
export function OtherWays({ current, isFirst, open, onOpen }: OtherWaysProps) {
  const { t } = useTranslation('welcome')
  const buttons = useRef<Partial<Record<Way, HTMLButtonElement | null>>>({})
  const close = (way: Way): void => {
    onOpen(undefined)
    buttons.current[way]?.focus()
  }
  return (
    <>
      <div className="actions">
        {otherWays.map((way) => (
          <Button
            key={way}
            ref={(button) => {
              buttons.current[way] = button
            }}
            variant={isFirst && open === undefined && way === 'create' ? 'filled' : 'default'}
            aria-expanded={open === way}
            aria-controls={`way-${way}`}
            onClick={() => onOpen(open === way ? undefined : way)}
          >
            {t(way)}
          </Button>
        ))}
      </div>
      <Fold id="way-create" isOpen={open === 'create'} onClose={() => close('create')}>
        <CreateRoom current={current} />
      </Fold>
      <Fold id="way-joinBy" isOpen={open === 'joinBy'} onClose={() => close('joinBy')}>
        <JoinBy current={current} />
      </Fold>
    </>
  )
}
