import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Api } from '../../src/api/client.ts'
import { CheckButton } from '../log/check-button.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { Delayed } from '../parts/empty.tsx'
import { useRefusal } from '../parts/outcome.tsx'
import { refusedOf } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import type { Refused } from '../room/outcome.ts'
import { paths } from '../room/routes.ts'
import { useNameOf, useRoom, useStatus } from '../room/use-room.tsx'

type Entry = Awaited<ReturnType<Api['log']['entry']>>

/**
 * The block that something came with: its hash, who signed it and how, to be copied and checked. With its canonical bytes anybody
 * can check it anywhere.
 */
export function Receipt({ index }: { readonly index: number }) {
  const { t } = useTranslation('bank')
  const { number, moment } = useFormat()
  const { door } = useRoom()
  const nameOf = useNameOf()
  const refusal = useRefusal()
  const room = useStatus()?.room
  const [entry, setEntry] = useState<Entry>()
  const [fault, setFault] = useState<Refused | 'lost'>()
  useEffect(() => {
    let isGone = false
    const ask = async (): Promise<void> => {
      try {
        const answer = await (await door.api()).log.entry({ index })
        if (!isGone) setEntry(answer)
      } catch (error) {
        if (!isGone) setFault(refusedOf(error) ?? 'lost')
      }
    }
    void ask()
    return () => {
      isGone = true
    }
  }, [door, index])
  if (fault !== undefined) {
    return (
      <p className="bad" role="alert">
        {fault === 'lost' ? t('unsettled', { ns: 'common' }) : refusal(fault)}
      </p>
    )
  }
  if (entry === undefined) return <Delayed />
  const { epoch, turn, time, author, hash, signature, bytes } = entry
  const text = JSON.stringify({ room: room?.id, block: index, epoch, turn, time, author, hash, signature, bytes }, undefined, 2)
  return (
    <section className="receipt-card" aria-label={t('receiptOf', { block: number(index) })}>
      <dl className="facts">
        <div>
          <dt>{t('block')}</dt>
          <dd>
            <a href={paths.log(index)}>{number(index)}</a>, {moment(time)}, <bdi>{nameOf(author)}</bdi>
          </dd>
        </div>
        <div>
          <dt>{t('hash', { ns: 'log' })}</dt>
          <dd>
            <code>{hash}</code>
          </dd>
        </div>
        <div>
          <dt>{t('signature', { ns: 'log' })}</dt>
          <dd>
            <code>{signature}</code>
          </dd>
        </div>
      </dl>
      <div className="actions">
        <CopyButton label={t('copyReceipt')} text={text} />
        <CheckButton entry={entry} />
      </div>
    </section>
  )
}

/** The receipt of what was committed just now, when it is asked for. */
export function ReceiptFold({ index }: { readonly index: number }) {
  const { t } = useTranslation('bank')
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t('receipt')}
      </Button>
      {isOpen && <Receipt index={index} />}
    </>
  )
}
