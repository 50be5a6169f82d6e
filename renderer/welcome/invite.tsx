import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { QrCode } from '../parts/qr.tsx'
import { useAsk } from '../room/ask.ts'

/**
 * The join link, as text and as a QR code. Where the room has a code, the link that carries it is fetched and shown only when
 * somebody asks for it: others may be looking at this screen. `bareLink`: the same without the code.
 */
export function Invite({ hasCode, bareLink }: { readonly hasCode: boolean; readonly bareLink: string }) {
  const { t } = useTranslation('welcome')
  const { asked, run } = useAsk<{ readonly link: string }>()
  const [full, setFull] = useState<string>()
  const show = async (): Promise<void> => setFull((await run((api) => api.rooms.link()))?.link)
  const link = full ?? (hasCode ? undefined : bareLink)
  const code = link === undefined ? undefined : codeIn(link)
  return (
    <div className="form">
      <h3>{t('invite')}</h3>
      {link === undefined ? (
        <>
          <p className="faint">{t('inviteCode')}</p>
          <AskedLine asked={asked} />
          <div className="actions">
            <Button loading={asked.kind === 'asking'} onClick={() => void show()}>
              {t('showLink')}
            </Button>
          </div>
        </>
      ) : (
        <div className="invite">
          <QrCode text={link} label={t('qr')} />
          <div className="form">
            <p className="faint">{t('inviteHint')}</p>
            {code !== undefined && (
              <p>
                {t('roomCode')} <strong className="room-code">{code}</strong>
              </p>
            )}
            <output className="code" aria-label={t('joinLink')}>
              {link}
            </output>
            <div className="actions">
              <CopyButton text={link} label={t('copyLink')} />
              {hasCode && (
                <Button variant="default" onClick={() => setFull(undefined)}>
                  {t('hideLink')}
                </Button>
              )}
            </div>
          </div>
        </div>
      )}
    </div>
  )
}

/** The code that a join link carries, as one types it. */
const codeIn = (link: string): string | undefined => new URLSearchParams(link.slice(link.indexOf('?'))).get('code') ?? undefined
