import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../room/format.ts'
import { useRoom } from '../room/use-room.tsx'
import { ReceiptIcon, TickIcon } from '../shell/icons.tsx'

const saidMillis = 1_500

/** The block that an entry came with: its hash, and its canonical bytes with the signature, by which anybody can check it. */
export function ReceiptButton({ index }: { readonly index: number }) {
  const { t } = useTranslation('bank')
  const { number } = useFormat()
  const { door } = useRoom()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), saidMillis)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async (): Promise<void> => {
    const [block] = await (await door.api()).log.read({ from: index, count: 1 })
    if (block?.index !== index) return
    await navigator.clipboard.writeText(JSON.stringify(block, undefined, 2))
    setCopied(true)
  }
  const label = t('copyReceiptOf', { block: number(index) })
  return (
    // Where the peer has gone, or the browser forbids it, nothing is said to be copied.
    <button type="button" className="round small" aria-label={label} title={label} onClick={() => void copy().catch(() => {})}>
      {isCopied ? <TickIcon /> : <ReceiptIcon />}
      <span className="unseen" aria-live="polite">
        {isCopied && t('copied', { ns: 'common' })}
      </span>
    </button>
  )
}
