import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Api } from '../../src/api/client.ts'
import type { RefusalCode } from '../../src/api/views.ts'
import { useOperationText } from '../bank/operation-text.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Delayed } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { useRefusal } from '../parts/outcome.tsx'
import { refusedOf } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import type { Refused } from '../room/outcome.ts'
import { useNameOf, useRoom } from '../room/use-room.tsx'
import { CrossIcon } from '../shell/icons.tsx'
import { CheckButton } from './check-button.tsx'
import { membersIn, type Told } from './lines.ts'
import { useMoments } from './moments.ts'

type Entry = Awaited<ReturnType<Api['log']['entry']>>

/** Operations that are shown at first; a block can have thousands. */
const operationsMax = 50

interface BlockDetailProps {
  readonly index: number
  /** They have come, and take up room. */
  onFields(): void
}

/** One block in full, as it was signed. */
export function BlockDetail({ index, onFields }: BlockDetailProps) {
  const { t } = useTranslation('log')
  const { door } = useRoom()
  const refusal = useRefusal()
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
  useEffect(() => {
    // The list measures it first.
    if (entry !== undefined) requestAnimationFrame(onFields)
  }, [entry, onFields])
  return (
    <section className="log-detail" aria-label={t('block', { index })}>
      {entry !== undefined && <Fields entry={entry} />}
      {entry === undefined && fault === undefined && <Delayed />}
      {fault !== undefined && (
        <p className="bad" role="alert">
          {fault === 'lost' ? t('lost') : refusal(fault)}
        </p>
      )}
    </section>
  )
}

function Fields({ entry }: { readonly entry: Entry }) {
  const { t } = useTranslation('log')
  const { moment } = useFormat()
  const { number } = useMoments()
  const nameOf = useNameOf()
  const { author, signer, checkpoint } = entry
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [t('time'), `${moment(entry.time)} (${new Date(entry.time).toISOString()})`],
    [t('author'), <Peer key="author" id={author} name={nameOf(author)} />],
    ...(signer === author ? [] : [[t('signer'), <Peer key="signer" id={signer} name={nameOf(signer)} />] as const]),
    [t('epoch'), entry.epoch],
    [t('turn'), number(entry.turn)],
    [t('lamport'), number(entry.lamport)],
    [t('hash'), <code key="hash">{entry.hash}</code>],
    [t('prevHash'), <code key="before">{entry.prevHash}</code>],
    [t('signature'), <code key="signature">{entry.signature}</code>],
    ...(checkpoint === undefined
      ? []
      : [
          [
            t('checkpoint'),
            <code key="checkpoint">{t('checkpointOf', { index: number(checkpoint.index), hash: checkpoint.stateHash })}</code>,
          ] as const,
        ]),
  ]
  return (
    <>
      <Content entry={entry} />
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="actions">
        <CheckButton entry={entry} />
        <CopyButton label={t('copyBlock')} text={JSON.stringify(entry, undefined, 2)} />
      </div>
    </>
  )
}

function Peer({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <>
      <Name text={name} /> <code>{id}</code>
    </>
  )
}

function Content({ entry: { kind, content, judged } }: { readonly entry: Entry }) {
  const { t } = useTranslation('log')
  const nameOf = useNameOf()
  const [isWhole, setWhole] = useState(false)
  if (kind === 'genesis' || kind === 'state') return <pre className="code">{JSON.stringify(content, undefined, 2)}</pre>
  if (!Array.isArray(content)) {
    return (
      <ul className="log-members">
        {membersIn(content).map((member) => (
          <li key={member}>
            <Peer id={member} name={nameOf(member)} />
          </li>
        ))}
      </ul>
    )
  }
  const shown = isWhole ? content : content.slice(0, operationsMax)
  return (
    <>
      <h2>{t('operations')}</h2>
      {content.length === 0 && <p className="faint">{t('noOperations')}</p>}
      <ol className="log-operations">
        {shown.map((operation) => (
          <li key={String(operation.operation)}>
            <Operation told={operation} />
          </li>
        ))}
      </ol>
      {shown.length < content.length && (
        <Button size="compact-md" variant="default" onClick={() => setWhole(true)}>
          {t('showAll', { count: content.length, ns: 'auctions' })}
        </Button>
      )}
      {!judged && <p className="faint">{t('unjudged')}</p>}
    </>
  )
}

function Operation({ told }: { readonly told: Told }) {
  const { t } = useTranslation('log')
  const tell = useOperationText()
  const refusal = useRefusal()
  const { refused, repeat, skipped } = told
  return (
    <>
      <bdi>{tell(told)}</bdi> <code className="faint">{String(told.operation)}</code>
      {isRefusal(refused) && (
        <p className="bad">
          <CrossIcon />
          {refusal({ kind: 'refused', code: refused.code, facts: refused, text: refused.message })}
        </p>
      )}
      {repeat === true && <p className="faint">{t('repeat')}</p>}
      {skipped === true && <p className="faint">{t('skipped')}</p>}
    </>
  )
}

type Refusal = Readonly<Record<string, unknown>> & { readonly code: RefusalCode; readonly message: string }

function isRefusal(value: unknown): value is Refusal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  )
}
