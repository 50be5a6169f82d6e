import { Button } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Api } from '../../src/api/client.ts'
import type { RefusalCode } from '../../src/api/views.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Delayed } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { codeOf } from '../room/live.ts'
import { paths } from '../room/routes.ts'
import { useRoom } from '../room/use-room.tsx'
import { fieldsOf, hexLines } from './hex.ts'
import { useRingNames } from './names.tsx'
import type { Happening } from './scene.ts'
import { timeText } from './tell.ts'
import type { BlockStep, FrameStep } from './types.ts'

type Frame = Awaited<ReturnType<Api['ring']['frame']>>

/** One message or one block of the diagram, in full. */
export function Detail({ step, onClose }: { readonly step: Happening; onClose(): void }) {
  const { t } = useTranslation('ring')
  const heading = useRef<HTMLHeadingElement>(null)
  // A reader of the screen, and the keyboard, go on here.
  useEffect(() => heading.current?.focus(), [])
  return (
    <section
      className="card ring-detail"
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      aria-labelledby="ring-detail"
    >
      <div className="row">
        <h2 id="ring-detail" ref={heading} tabIndex={-1}>
          {step.kind === 'frame' ? t('frameIs', { message: step.message }) : t('blockIs', { block: step.index })}
        </h2>
        <Button variant="default" onClick={onClose}>
          {t('close', { ns: 'common' })}
        </Button>
      </div>
      {step.kind === 'frame' ? <FrameFacts key={step.id} step={step} /> : <BlockFacts step={step} />}
    </section>
  )
}

function FrameFacts({ step }: { readonly step: FrameStep }) {
  const { t, i18n } = useTranslation('ring')
  const { number } = useFormat()
  const nameOf = useRingNames()
  const time = (at: number): string => timeText(at, 1, i18n.language)
  return (
    <div className="ring-detail-parts">
      <Facts
        facts={[
          [t('from'), <Name key="from" text={nameOf(step.from)} />],
          [t('to'), step.to === '' ? t('everyone', { topic: step.topic ?? '' }) : <Name key="to" text={nameOf(step.to)} />],
          [t('sent'), `${time(step.at)}, ${t('lamportIs', { lamport: step.lamport })}`],
          [
            t('arrived'),
            step.arrivedAt === undefined
              ? t('arrivedUnknown')
              : `${time(step.arrivedAt)}, ${t('lamportIs', { lamport: step.arrivedLamport ?? '…' })} (${t('underWay', { millis: number(Math.round((step.arrivedAt - step.at) * 100) / 100) })})`,
          ],
          ...(step.epoch === undefined ? [] : [[t('epoch'), step.epoch] as const]),
          ...(step.turn === undefined ? [] : [[t('turn'), number(step.turn)] as const]),
          ...(step.block === undefined ? [] : [[t('block'), <BlockLink key="block" index={step.block} />] as const]),
          [t('size'), t('bytes', { count: step.bytes })],
        ]}
      />
      <div>
        <FrameBody id={step.id} />
      </div>
    </div>
  )
}

function BlockFacts({ step }: { readonly step: BlockStep }) {
  const { t, i18n } = useTranslation('ring')
  const { number } = useFormat()
  const nameOf = useRingNames()
  return (
    <Facts
      facts={[
        [t('author'), <Name key="author" text={nameOf(step.author)} />],
        [t('appended'), `${timeText(step.at, 1, i18n.language)}, ${t('lamportIs', { lamport: step.lamport })}`],
        [t('turn'), number(step.turn)],
        [t('block'), <BlockLink key="block" index={step.index} />],
      ]}
    />
  )
}

function BlockLink({ index }: { readonly index: number }) {
  const { t } = useTranslation('ring')
  return <a href={paths.log(index)}>{t('blockInLog', { block: index })}</a>
}

type Asked =
  | { readonly kind: 'asking' }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'refused'; readonly code: RefusalCode | undefined }

/** The very bytes, and what they say; only the peers at both ends of a frame have them, and only the newest. */
function FrameBody({ id }: { readonly id: string }) {
  const { t } = useTranslation('ring')
  const { door } = useRoom()
  const [asked, setAsked] = useState<Asked>({ kind: 'asking' })
  useEffect(() => {
    let isGone = false
    void door
      .api()
      .then((api) => api.ring.frame({ id }))
      .then(
        (frame): Asked => ({ kind: 'frame', frame }),
        (error: unknown): Asked => ({ kind: 'refused', code: codeOf(error) }),
      )
      .then((answer) => {
        if (!isGone) setAsked(answer)
      })
    return () => {
      isGone = true
    }
  }, [door, id])
  if (asked.kind === 'asking') return <Delayed />
  if (asked.kind === 'refused')
    return <p className="faint">{asked.code === 'frame-unknown' ? t('frameUnknown') : t('frameUnanswered')}</p>
  const { fields, hex } = asked.frame
  const { lines, isCut } = hexLines(hex)
  return (
    <>
      <h3>{t('fields')}</h3>
      <Facts facts={fieldsOf(fields).map(([name, text]) => [name, <code key={name}>{text}</code>])} />
      <h3>{t('hex')}</h3>
      {hex === '' ? (
        <p className="faint">{t('hexElsewhere')}</p>
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled by keys, too. */}
          <pre className="ring-hex" tabIndex={0}>
            {lines.join('\n')}
          </pre>
          {isCut && <p className="faint">{t('hexCut')}</p>}
          <div className="actions">
            <CopyButton text={hex} label={t('copyHex')} />
          </div>
        </>
      )}
    </>
  )
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
