import { useTranslation } from 'react-i18next'
import { encode } from 'uqr'

/** Bytes that the largest QR code holds at this level. */
const qrBytesMax = 2_331

/** Black on white in either theme: cameras want it so. `label`: what it is, for who does not see it. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { t } = useTranslation()
  if (new TextEncoder().encode(text).length > qrBytesMax) return <p className="faint">{t('qrTooLong')}</p>
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const dots = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#ffffff" />
      <path d={dots.join('')} fill="#000000" />
    </svg>
  )
}
