import { Button, TextInput } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Delayed } from '../parts/empty.tsx'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useRoom, useStatus } from '../room/use-room.tsx'
import { BlockList } from './block-list.tsx'
import { toLine } from './lines.ts'
import { useMoments } from './moments.ts'
import { createLogPages } from './pages.ts'
import { Search } from './search.tsx'
import { WholeLog } from './whole-log.tsx'
import './log.css'

/** Every committed block. `block`: the one that the address names, shown in full. */
export default function Log({ block }: { readonly block: number | undefined }) {
  const status = useStatus()
  if (status === undefined) return <Delayed />
  return <RoomLog key={status.room.id} block={block} last={status.commit.index} />
}

interface RoomLogProps {
  readonly block: number | undefined
  readonly last: number
}

function RoomLog({ block, last }: RoomLogProps) {
  const { t } = useTranslation('log')
  const room = useRoom()
  const pages = useMemo(
    () =>
      createLogPages({
        load: async (from, count) => (await (await room.door.api()).log.page({ from, count })).blocks.map(toLine),
      }),
    [room],
  )
  // No event says that a block is committed, but most are told of by what is in them.
  useEffect(() => room.onMarket(() => room.status.refresh()), [room])
  const open = block === undefined || block > last ? undefined : block
  return (
    <>
      <div className="title-row">
        <h1>{t('title')}</h1>
        <span className="faint figures">{t('blocks', { count: last + 1 })}</span>
      </div>
      <div className="log-tools">
        <Jump last={last} missing={block !== undefined && block > last} />
        <Search last={last} />
        <WholeLog />
      </div>
      <BlockList pages={pages} last={last} open={open} />
    </>
  )
}

/** `missing`: the address names a block that is not there. */
function Jump({ last, missing }: { readonly last: number; readonly missing: boolean }) {
  const { t } = useTranslation('log')
  const { number } = useMoments()
  const [text, setText] = useState('')
  const digits = text.replaceAll(/[\s.,#]/g, '')
  const index = /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
  const isOver = index !== undefined && index > last
  return (
    <form
      className="log-ask log-jump"
      onSubmit={(event) => {
        event.preventDefault()
        if (index !== undefined && !isOver) go(paths.log(index))
      }}
    >
      <TextInput
        label={t('jump')}
        inputMode="numeric"
        autoComplete="off"
        maxLength={20}
        placeholder={number(last)}
        value={text}
        error={isOver || missing ? t('noBlock', { last: number(last) }) : undefined}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={index === undefined || isOver}>
        {t('jumpTo')}
      </Button>
    </form>
  )
}
