import type { ReactNode } from 'react'

/** Line drawings of 24 × 24, in the colour of the text beside them. */
const drawn = (lines: ReactNode) => () => (
  <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    {lines}
  </svg>
)

export const AuctionsIcon = drawn(
  <>
    <path d="m9 4 6 6M7 6l6 6M12 3l6 6M6 9l6 6" />
    <path d="m11 11-8 8M13 21h8" />
  </>,
)
export const BankIcon = drawn(
  <>
    <path d="M3 9.5 12 4l9 5.5H3ZM4 20h16" />
    <path d="M6.5 10v8M12 10v8M17.5 10v8" />
  </>,
)
export const SettingsIcon = drawn(
  <>
    <path d="M4 7h9M19 7h1M4 17h3M13 17h7" />
    <circle cx="16" cy="7" r="2.6" />
    <circle cx="10" cy="17" r="2.6" />
  </>,
)
export const SunIcon = drawn(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4" />
  </>,
)
export const MoonIcon = drawn(<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />)
export const TickIcon = drawn(<path d="m5 12.5 4.5 4.5L19 7.5" />)
export const CrossIcon = drawn(<path d="m6 6 12 12M18 6 6 18" />)
export const WaitIcon = drawn(<circle cx="12" cy="12" r="8" strokeDasharray="3 3.3" />)
export const PauseIcon = drawn(<path d="M9 6v12M15 6v12" />)
export const ReceiptIcon = drawn(<path d="M6 3h12v18l-3-2-3 2-3-2-3 2ZM9 8h6M9 12h6" />)
