/**
 * Making a formatter takes longer than a hundred uses of it, and a busy screen writes thousands of numbers a second: each is made
 * once. There are as many as languages, currencies and kinds that were shown.
 */
const made = new Map<string, unknown>()

function keep<T>(kind: string, language: string, options: object, make: () => T): T {
  const key = `${kind} ${language} ${JSON.stringify(options)}`
  const known = made.get(key)
  // What stands under a key of this kind was made by the same kind.
  if (known !== undefined) return known as T
  const fresh = make()
  made.set(key, fresh)
  return fresh
}

export const numberFormat = (language: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat =>
  keep('number', language, options, () => new Intl.NumberFormat(language, options))

export const dateFormat = (language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  keep('date', language, options, () => new Intl.DateTimeFormat(language, options))

export const listFormat = (language: string, options: Intl.ListFormatOptions): Intl.ListFormat =>
  keep('list', language, options, () => new Intl.ListFormat(language, options))
