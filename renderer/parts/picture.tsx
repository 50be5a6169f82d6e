import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { shortName } from './name.tsx'

/** A lot's picture, as another peer sent it. What cannot be drawn is not. */
export function LotPicture({ picture, item }: { readonly picture: string; readonly item: string }) {
  const { t } = useTranslation('auctions')
  const [failed, setFailed] = useState<string>()
  if (picture === '' || failed === picture) {
    return (
      <div className="picture none">
        <svg viewBox="0 0 24 24" className="icon" aria-hidden="true" focusable="false">
          <rect x="3" y="5" width="18" height="14" rx="2" />
          <path d="m3 16 5-5 5 5 3-3 5 5" />
          <circle cx="15.5" cy="9.5" r="1.4" />
        </svg>
      </div>
    )
  }
  return (
    <div className="picture">
      <img src={dataUrl(picture)} alt={t('pictureOf', { item: shortName(item) })} onError={() => setFailed(picture)} />
    </div>
  )
}

/** The browser goes by the bytes, whatever kind is named here. */
const dataUrl = (base64url: string): string => `data:image/png;base64,${base64url.replaceAll('-', '+').replaceAll('_', '/')}`
