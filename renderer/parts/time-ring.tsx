/** The time that is left, as a ring that empties; the same is always said as text beside it. */
export function TimeRing({
  left,
  total,
  isPaused = false,
}: {
  readonly left: number
  readonly total: number
  readonly isPaused?: boolean
}) {
  const share = total > 0 ? Math.min(1, Math.max(0, left / total)) : 0
  return (
    <svg className={isPaused ? 'time-ring paused' : 'time-ring'} viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <circle className="track" cx="24" cy="24" r="20" />
      <circle className="left" cx="24" cy="24" r="20" pathLength="100" strokeDasharray={`${share * 100} 100`} />
    </svg>
  )
}
