/** `1:05`, `2:03:20`; with a tenth below ten seconds. Never below 0. */
export function countdownText(leftMillis: number, language: string): string {
  const left = Math.max(0, leftMillis)
  if (left < 10_000) {
    const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
    return `0:0${tenths.format(Math.floor(left / 100) / 10)}`
  }
  const seconds = Math.ceil(left / 1_000)
  const two = (count: number): string => String(count).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
