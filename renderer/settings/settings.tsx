import { Button, NativeSelect, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { encode } from 'uqr'
import type { StatusView } from '../../src/api/views.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Delayed } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { useLive, useNameOf, useRoom, useStatus } from '../room/use-room.tsx'
import { chooseLanguage, type Language, languages } from '../texts/language.ts'

export function Settings() {
  const { t } = useTranslation('settings')
  const status = useStatus()
  return (
    <>
      <h1>{t('title')}</h1>
      <div className="settings">
        <Appearance />
        {status === undefined ? (
          <Delayed />
        ) : (
          <>
            <Invite hasCode={status.room.hasCode} />
            <PeerFacts status={status} />
            <RoomFacts status={status} />
            <Diagnostics status={status} />
          </>
        )}
      </div>
    </>
  )
}

function Appearance() {
  const { t, i18n } = useTranslation('settings')
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <section className="card form">
      <h2>{t('appearance')}</h2>
      <NativeSelect
        label={t('language')}
        value={i18n.language}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
      />
      <div>
        <p className="label" id="theme-label">
          {t('theme')}
        </p>
        <SegmentedControl
          fullWidth
          aria-labelledby="theme-label"
          value={colorScheme}
          data={(['light', 'dark', 'auto'] as const).map((value) => ({ value, label: t(value) }))}
          onChange={(value) => setColorScheme(value as typeof colorScheme)}
        />
      </div>
    </section>
  )
}

/** The link has the room code in it: it is fetched, and shown, only when somebody asks for it. */
function Invite({ hasCode }: { readonly hasCode: boolean }) {
  const { t } = useTranslation('settings')
  const { door } = useRoom()
  const [link, setLink] = useState<string>()
  return (
    <section className="card form">
      <h2>{t('invite')}</h2>
      <p className="faint">{hasCode ? t('inviteCode') : t('inviteHint')}</p>
      {link === undefined ? (
        <div className="actions">
          <Button
            onClick={() =>
              void door
                .api()
                .then((api) => api.room.link())
                .then((answer) => setLink(answer.link))
            }
          >
            {t('showLink')}
          </Button>
        </div>
      ) : (
        <>
          <QrCode text={link} />
          <output className="code" aria-label={t('joinLink')}>
            {link}
          </output>
          <div className="actions">
            <CopyButton text={link} />
          </div>
        </>
      )}
    </section>
  )
}

/** Bytes that the largest QR code holds at this level. */
const qrBytesMax = 2_331

function QrCode({ text }: { readonly text: string }) {
  const { t } = useTranslation('settings')
  if (new TextEncoder().encode(text).length > qrBytesMax) return <p className="faint">{t('qrTooLong')}</p>
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const dots = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('qr')} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#ffffff" />
      <path d={dots.join('')} fill="#000000" />
    </svg>
  )
}

function PeerFacts({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation('settings')
  return (
    <section className="card">
      <h2>{t('peer')}</h2>
      <Facts
        facts={[
          [t('name'), <Name key="name" text={status.name} />],
          [t('role'), t(`role_${status.role}`)],
          [t('version'), status.version],
          [t('id'), <code key="id">{status.self}</code>],
          [
            t('addresses'),
            <ul key="addresses" className="plain">
              {status.addresses.map((address) => (
                <li key={address}>
                  <code>{address}</code>
                </li>
              ))}
            </ul>,
          ],
        ]}
      />
    </section>
  )
}

function RoomFacts({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation('settings')
  const { moment } = useFormat()
  const nameOf = useNameOf()
  const { room } = status
  return (
    <section className="card">
      <h2>{t('room')}</h2>
      <Facts
        facts={[
          [t('name'), <Name key="name" text={room.name} />],
          [t('founder'), <Name key="founder" text={nameOf(room.founder)} />],
          [t('founded'), moment(room.founded)],
          [t('currency'), room.currency],
          [t('deposits'), t(`deposits_${room.deposits}`)],
          [t('code'), room.hasCode ? t('hasCode') : t('noCode')],
          [t('roomId'), <code key="id">{room.id}</code>],
        ]}
      />
      {status.otherRooms.map(({ id, name }) => (
        <p key={id} className="faint">
          <bdi>{t('otherRoom', { ns: 'common', name: name.slice(0, 64) })}</bdi> <code>{id}</code>
        </p>
      ))}
    </section>
  )
}

function Diagnostics({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation('settings')
  const { number } = useFormat()
  const peers = useLive(useRoom().peers) ?? []
  return (
    <section className="card wide">
      <h2>{t('diagnostics')}</h2>
      <Facts
        facts={[
          [t('epoch'), <code key="epoch">{status.epoch}</code>],
          [t('turn'), number(status.turn)],
          [t('head'), number(status.head)],
          [t('commit'), number(status.commit.index)],
          [t('durable'), number(status.durable)],
          [t('lamport'), number(status.lamport)],
          [t('headHash'), <code key="hash">{middle(status.commit.hash)}</code>],
          [t('stateHash'), <code key="state">{middle(status.stateHash)}</code>],
        ]}
      />
      <h3>{t('peers')}</h3>
      <ul className="plain">
        {peers.map((peer) => (
          <li key={peer.peer} className="row">
            <Name text={peer.name === '' ? middle(peer.peer) : peer.name} />
            <span className="faint figures">
              {peer.self ? t('peer') : peer.connected ? t('connected') : t('away')}
              {peer.clockOffset !== undefined &&
                !peer.self &&
                ` · ${t('clock', { millis: number(Math.round(peer.clockOffset)) })}`}
            </span>
          </li>
        ))}
      </ul>
      <div className="actions">
        <CopyButton label={t('copyAll')} text={JSON.stringify({ status, peers }, undefined, 2)} />
      </div>
    </section>
  )
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, React.ReactNode])[] }) {
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

/** A hash, cut in the middle. */
const middle = (text: string): string => (text.length > 24 ? `${text.slice(0, 10)}…${text.slice(-10)}` : text)
