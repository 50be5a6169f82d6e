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
export const RingIcon = drawn(
  <>
    <circle cx="12" cy="12" r="7.5" strokeDasharray="6.2 5.58" strokeDashoffset="-2.6" />
    <circle cx="12" cy="4.5" r="1.6" />
    <circle cx="19.1" cy="9.7" r="1.6" />
    <circle cx="16.4" cy="18.1" r="1.6" />
    <circle cx="7.6" cy="18.1" r="1.6" />
    <circle cx="4.9" cy="9.7" r="1.6" />
  </>,
)
export const LogIcon = drawn(
  <>
    <rect x="4" y="3.5" width="16" height="4.6" rx="1.2" />
    <rect x="4" y="16" width="16" height="4.6" rx="1.2" />
    <path d="M12 8.1V16M9.8 13.8 12 16l2.2-2.2" />
  </>,
)
export const ClassIcon = drawn(
  <>
    <circle cx="9" cy="8" r="3.2" />
    <path d="M3 19.5c.4-3.6 2.6-5.5 6-5.5s5.6 1.9 6 5.5" />
    <path d="M15.5 5.2a3 3 0 0 1 0 5.7M17.2 14.4c2.3.5 3.5 2.3 3.8 5.1" />
  </>,
)
export const LabIcon = drawn(
  <>
    <path d="M9.5 3.5h5M10.5 3.5v6L5 18.6a1.3 1.3 0 0 0 1.1 1.9h11.8a1.3 1.3 0 0 0 1.1-1.9l-5.5-9.1v-6" />
    <path d="M7.6 14.5h8.8" />
  </>,
)
export const RoomsIcon = drawn(
  <>
    <path d="M5 20.5V4.5h10v16M3 20.5h18M15 7.5h4v13" />
    <circle cx="12" cy="12.7" r=".6" />
  </>,
)
export const KeysIcon = drawn(
  <>
    <rect x="2.5" y="6" width="19" height="12" rx="2" />
    <path d="M6 10h.01M10 10h.01M14 10h.01M18 10h.01M7.5 14h9" />
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
export const LockIcon = drawn(
  <>
    <rect x="5.5" y="10.5" width="13" height="9.5" rx="2" />
    <path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5" />
  </>,
)
export const ChevronIcon = drawn(<path d="m9 6 6 6-6 6" />)
export const TickIcon = drawn(<path d="m5 12.5 4.5 4.5L19 7.5" />)
export const CrossIcon = drawn(<path d="m6 6 12 12M18 6 6 18" />)
export const WaitIcon = drawn(<circle cx="12" cy="12" r="8" strokeDasharray="3 3.3" />)
export const PauseIcon = drawn(<path d="M9 6v12M15 6v12" />)
export const ReceiptIcon = drawn(<path d="M6 3h12v18l-3-2-3 2-3-2-3 2ZM9 8h6M9 12h6" />)
