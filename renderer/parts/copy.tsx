import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

const saidMillis = 1_500

export function CopyButton({
  text,
  label,
  compact = false,
}: {
  readonly text: string
  readonly label?: string
  readonly compact?: boolean
}) {
  const { t } = useTranslation()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), saidMillis)
    return () => clearTimeout(timer)
  }, [isCopied])
  return (
    <Button
      variant="default"
      size={compact ? 'compact-sm' : 'sm'}
      // Where the browser forbids it nothing is said to be copied.
      onClick={() =>
        void navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => {},
        )
      }
    >
      <span aria-live="polite">{isCopied ? t('copied') : (label ?? t('copy'))}</span>
    </Button>
  )
}
