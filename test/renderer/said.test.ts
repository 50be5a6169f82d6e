import i18next from 'i18next'
import { beforeAll, describe, expect, test } from 'vitest'
import { say, spanText } from '../../renderer/room/said.ts'
import { en } from '../../renderer/texts/en/index.ts'
import { es } from '../../renderer/texts/es/index.ts'
import { pt } from '../../renderer/texts/pt/index.ts'
import { damageCodes, faultCodes, goodCodes, troubleCodes, waitCodes } from '../../src/api/codes.ts'
import { failureCodes } from '../../src/api/errors.ts'
import { toFacts } from '../../src/api/said.ts'
import { createCheck, toFindings } from '../../src/app/check.ts'
import { toReasons } from '../../src/app/reasons.ts'
import { type Obstacle, obstacleText } from '../../src/peer/search.ts'
import { healthy, looks } from '../app/looks.ts'

/** What the peer says ready-made in English, said in each language from its code and its facts. */

const texts = { en, pt, es }
const languages = ['en', 'pt', 'es'] as const
const instances = Object.fromEntries(languages.map((lng) => [lng, i18next.createInstance()])) as Record<
  (typeof languages)[number],
  typeof i18next
>

beforeAll(async () => {
  for (const lng of languages) {
    const instance = instances[lng]
    await instance.init({ lng, fallbackLng: 'en', resources: texts, interpolation: { escapeValue: false } })
  }
})

const address = '/ip4/192.168.1.7/tcp/4001'
const obstacles: readonly Obstacle[] = [
  { kind: 'nobody' },
  { kind: 'another-code', founder: 'Ana', size: 2, theirs: true, ours: true },
  { kind: 'another-code', founder: 'Ana', size: 2, theirs: false, ours: true },
  { kind: 'another-code', founder: 'Ana', size: 2, theirs: true, ours: false },
  { kind: 'stranger', address },
  { kind: 'another-version', who: 'Bruno', theirs: 3, ours: 2 },
  { kind: 'another-version', who: 'Bruno', theirs: 1, ours: 2 },
  { kind: 'another-room', founder: 'Ana', room: '0123456789abcdef' },
  { kind: 'another-name', founder: 'Ana', name: 'chess' },
  { kind: 'refused', who: 'Bruno', reason: 'it gave no genesis block' },
  { kind: 'unreachable', who: 'Bruno', address },
  { kind: 'unreachable', who: 'Bruno', address: undefined },
  { kind: 'no-answer', address, reason: 'connection refused' },
  { kind: 'waits-too', who: 'Bruno' },
]
const reasons = toReasons({
  room: 'evening',
  obstacles,
  why: obstacles.map((obstacle) => obstacleText(obstacle, 'evening')),
})
const findings = looks.flatMap(([, found]) => toFindings({ ...healthy, ...found }))

/** In no language a sentence that is missing, has a hole, or is another language's. */
function expectWords(said: readonly (string | undefined)[]): void {
  for (const text of said) {
    expect(text).toMatch(/[.?]$/)
    expect(text).not.toMatch(/\{\{|\}\}|undefined|NaN|\[object| {2}| ,|\(\)/)
  }
  expect(new Set(said).size).toBe(languages.length)
}

describe('in every language', () => {
  test('every finding has its sentence, and what is wrong its remedy, with all that they are about', async () => {
    const all = [...findings, ...(await createCheck(false)(undefined))]
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set([...faultCodes, ...goodCodes]))
    for (const finding of all) {
      expectWords(languages.map((lng) => say(instances[lng], 'findings', finding)))
      if (finding.severity === 'good') continue
      expectWords(languages.map((lng) => say(instances[lng], 'findings', finding, '_remedy')))
    }
  })

  test('every reason to wait', () => {
    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(waitCodes))
    for (const reason of reasons) expectWords(languages.map((lng) => say(instances[lng], 'waiting', reason)))
  })

  test('every reason why a peer writes nothing', () => {
    for (const code of troubleCodes) expectWords(languages.map((lng) => say(instances[lng], 'trouble', { code })))
  })

  test('every fault of a block, for the middle of a sentence', () => {
    for (const code of damageCodes) expectWords(languages.map((lng) => `${say(instances[lng], 'damage', { code })}.`))
  })

  test('every failure', () => {
    for (const code of failureCodes) expectWords(languages.map((lng) => texts[lng].refusals[code]))
  })

  test('no words are for a code or a variant that nobody says', () => {
    // A plural without its number, and the words for a variant that another version of the peer may leave out, are for safety.
    const safe = new Set(['several-rooms_one', 'another-version', 'clock-off', 'another-version_remedy'])
    const said = new Set<string>()
    const listen = (namespace: 'findings' | 'waiting', all: readonly { readonly code: string }[]): void => {
      const spy = {
        language: 'en',
        exists: instances.en.exists,
        t: ((key: string, options: object) => {
          const { usedKey, exactUsedKey } = instances.en.t(key as never, { ...options, returnDetails: true } as never) as {
            readonly usedKey: string
            readonly exactUsedKey: string
          }
          expect(usedKey).toBe(key)
          said.add(`${namespace}.${exactUsedKey}`)
          return key
        }) as typeof i18next.t,
      }
      for (const one of all) for (const part of ['', '_remedy'] as const) say(spy, namespace, one, part)
    }
    listen('findings', [
      ...findings,
      { code: 'mdns-off' },
      { code: 'peers-answer', facts: { count: 1 } },
      { code: 'connected', facts: { count: 1 } },
    ] as never)
    listen('waiting', reasons)
    const known = (['findings', 'waiting'] as const).flatMap((name) => Object.keys(en[name]).map((key) => `${name}.${key}`))
    expect(known.filter((key) => !said.has(key) && !safe.has(key.split('.')[1] ?? ''))).toEqual([])
  })
})

test('what is said is about what was found', () => {
  const closed = findings.find(({ code, variant }) => code === 'port-closed' && variant === undefined)
  expect(closed && say(instances.pt, 'findings', closed)).toBe(
    'Ana não responde em 192.168.1.7:4001: a máquina está lá, mas a porta está fechada.',
  )
  const many = { code: 'connected', facts: { count: 1_234 } }
  expect(say(instances.es, 'findings', many)).toBe('Este par está conectado con otros 1234 de su sala.')
  expect(say(instances.en, 'findings', many)).toBe('This peer is connected with 1,234 others of its room.')
  expect(['en', 'pt', 'es'].map((language) => spanText(7_200_000, language))).toEqual(['2 hours', '2 horas', '2 horas'])
  expect([5_400, 119_000, 86_400_000, 259_200_000].map((millis) => spanText(millis, 'en'))).toEqual([
    '5 seconds',
    '119 seconds',
    '24 hours',
    '3 days',
  ])
})

test('a code of another version is left to the peer’s own words; a variant of another version is not needed', () => {
  for (const lng of languages) {
    expect(say(instances[lng], 'findings', { code: 'moon-phase' })).toBeUndefined()
    // Keys of the texts that are no codes.
    expect(say(instances[lng], 'waiting', { code: '' })).toBeUndefined()
    expect(say(instances[lng], 'waiting', { code: 'toString' })).toBeUndefined()
    expect(say(instances[lng], 'waiting', { code: 'nobody', variant: 'at-night' })).toBe(texts[lng].waiting.nobody)
    expect(say(instances[lng], 'waiting', { code: 'nobody' }, '_remedy')).toBeUndefined()
  }
})

test('a name is shown as it is, whatever stands in it, and steers nothing', () => {
  const said = (who: string): string | undefined => say(instances.en, 'waiting', { code: 'waits-too', facts: { who } })
  expect(said('דוד')).toBe('\u2068דוד\u2069 waits for the room, too. One of you has to create it.')
  expect(said('$t(common:you) {{who}}')).toBe('$t(common:you) {{who}} waits for the room, too. One of you has to create it.')
  expect(said('x'.repeat(10_000))?.length).toBeLessThan(150)
  const facts = { who: 'Bruno', lng: 'pt', ns: 'common', context: 'x', defaultValue: 'x', returnObjects: true }
  expect(say(instances.en, 'waiting', { code: 'waits-too', facts })).toBe(said('Bruno'))
})

test('facts are few and short, and nothing else than text, numbers, yes and no', () => {
  const long = 'x'.repeat(10_000)
  const facts = toFacts({
    long,
    face: `${'x'.repeat(199)}\u{1f600}`,
    many: Array.from({ length: 100 }, () => long),
    yes: true,
    count: 3,
    none: undefined,
    odd: Number.NaN,
    nested: { long },
    mixed: ['a', 1],
  })
  expect(facts).toEqual({
    long: 'x'.repeat(200),
    face: 'x'.repeat(199),
    many: Array.from({ length: 8 }, () => 'x'.repeat(200)),
    yes: true,
    count: 3,
  })
})
