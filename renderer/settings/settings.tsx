import { NativeSelect, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { Beware } from '../parts/beware.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { Delayed } from '../parts/empty.tsx'
import { inText, Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { paths } from '../room/routes.ts'
import { useLive, useNameOf, useRoom, useRooms, useStatus } from '../room/use-room.tsx'
import { chooseLanguage, type Language, languages } from '../texts/language.ts'
import { Findings } from '../welcome/findings.tsx'
import { OwnName } from '../welcome/own-name.tsx'
import './settings.css'

export function Settings() {
  const { t } = useTranslation('settings')
  const status = useStatus()
  const rooms = useRooms()
  return (
    <>
      <h1>{t('title')}</h1>
      <div className="settings">
        <Appearance />
        {rooms === undefined ? <Delayed /> : <OwnName name={rooms.name} />}
        {status !== undefined && (
          <>
            <PeerFacts status={status} />
            <RoomFacts status={status} />
          </>
        )}
        <section className="card wide" aria-labelledby="network-title">
          <h2 id="network-title">{t('network')}</h2>
          <Findings />
        </section>
        {status !== undefined && <Diagnostics status={status} />}
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

function PeerFacts({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation('settings')
  return (
    <section className="card">
      <h2>{t('peer')}</h2>
      <Beware notices={status.notices} />
      <Facts
        facts={[
          [t('name'), <Name key="name" text={status.name} />],
          [t('role'), t(`role_${status.role}`)],
          [t('version'), status.version],
          [t('id'), <Id key="id" text={status.self} />],
          [
            t('addresses'),
            <ul key="addresses" className="plain">
              {status.addresses.map((address) => (
                <li key={address}>
                  <code title={address}>{shortAddress(address)}</code>
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
          [t('roomId'), <Id key="id" text={room.id} />],
        ]}
      />
      <p className="actions">
        <a href={paths.welcome}>{t('toRooms')}</a>
      </p>
      {status.otherRooms.map(({ id, name }) => (
        <p key={id} className="faint">
          {t('otherRoom', { ns: 'common', name: inText(name) })} <code>{id}</code>
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

/** Nobody reads one of these: it is recognised by its ends, and copied. */
function Id({ text }: { readonly text: string }) {
  return (
    <span className="id-line">
      <code title={text}>{middle(text)}</code>
      <CopyButton text={text} compact />
    </span>
  )
}

/** `192.168.1.20:4001`, as one types it to join; another kind of address as it is. */
function shortAddress(address: string): string {
  const [, version, host, port] = /^\/ip([46])\/([^/]+)\/tcp\/(\d+)(?:\/|$)/.exec(address) ?? []
  if (host === undefined) return address
  return version === '6' ? `[${host}]:${port}` : `${host}:${port}`
}

/** A hash, cut in the middle. */
const middle = (text: string): string => (text.length > 24 ? `${text.slice(0, 10)}…${text.slice(-10)}` : text)
