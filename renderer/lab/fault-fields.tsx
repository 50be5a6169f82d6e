import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { inText } from '../parts/name.tsx'
import { useNameOf } from '../room/use-room.tsx'
import { type FaultDraft, type Field, faultsMax } from './draft.ts'

export interface FaultFieldsProps {
  readonly faults: readonly FaultDraft[]
  readonly members: readonly string[]
  complain(field: Field): string | undefined
  onChange(faults: readonly FaultDraft[]): void
}

const kinds = ['kill', 'pause', 'cut'] as const

/** What is to go wrong while it runs: a line for each. */
export function FaultFields({ faults, members, complain, onChange }: FaultFieldsProps) {
  const { t } = useTranslation('lab')
  const nameOf = useNameOf()
  const people = members.map((peer) => ({ value: peer, label: inText(nameOf(peer)) }))
  const change = (id: number, part: Partial<FaultDraft>): void =>
    onChange(faults.map((fault) => (fault.id === id ? { ...fault, ...part } : fault)))
  const add = (): void => {
    const [peer = '', to = ''] = members.toReversed()
    const id = Math.max(-1, ...faults.map((fault) => fault.id)) + 1
    onChange([...faults, { id, kind: 'kill', peer, to, at: '1000', millis: '2000' }])
  }
  return (
    <div className="lab-faults">
      {faults.map((fault, index) => {
        const { id, kind, peer, to, at, millis } = fault
        const error = complain(`fault-${id}`)
        return (
          <fieldset key={id} className="lab-fault">
            <legend>{t('fault', { number: index + 1 })}</legend>
            <NativeSelect
              label={t('faultKind')}
              value={kind}
              data={kinds.map((value) => ({ value, label: t(`fault_${value}`) }))}
              onChange={(event) => {
                const chosen = kinds.find((each) => each === event.currentTarget.value)
                if (chosen !== undefined) change(id, { kind: chosen })
              }}
            />
            <NativeSelect
              label={t('faultPeer')}
              value={peer}
              data={people}
              onChange={(event) => change(id, { peer: event.currentTarget.value })}
            />
            {kind === 'cut' && (
              <NativeSelect
                label={t('faultTo')}
                value={to}
                data={people}
                onChange={(event) => change(id, { to: event.currentTarget.value })}
              />
            )}
            <TextInput
              label={t('faultAt')}
              inputMode="numeric"
              autoComplete="off"
              maxLength={10}
              error={error}
              value={at}
              onChange={(event) => change(id, { at: event.currentTarget.value })}
            />
            {kind !== 'kill' && (
              <TextInput
                label={t('faultMillis')}
                inputMode="numeric"
                autoComplete="off"
                maxLength={10}
                value={millis}
                onChange={(event) => change(id, { millis: event.currentTarget.value })}
              />
            )}
            <Button
              variant="subtle"
              aria-label={t('faultRemoveOf', { number: index + 1 })}
              onClick={() => onChange(faults.filter((each) => each.id !== id))}
            >
              {t('faultRemove')}
            </Button>
          </fieldset>
        )
      })}
      <div className="actions">
        <Button variant="default" disabled={faults.length >= faultsMax} onClick={add}>
          {t('faultAdd')}
        </Button>
      </div>
    </div>
  )
}
