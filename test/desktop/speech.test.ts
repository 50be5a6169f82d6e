import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createSpeech } from '../../src/desktop/speech.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'

function settingsFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-speech-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'speech.json')
}

test('what a page chose is spoken at once, and at the next start, whatever the system speaks', () => {
  const file = settingsFile()
  const speech = createSpeech(file, ['es-ES', 'en'])
  expect(speech.words.language).toBe('es')
  expect(speech.choose('pt')).toBe(true)
  expect(speech.words.menu.copy).toBe('Copiar')
  expect(createSpeech(file, ['es-ES']).words.language).toBe('pt')
  expect(createSpeech(file, []).words.language).toBe('pt')
})

test('where nothing was chosen the system’s language is spoken, also after it became another', () => {
  const file = settingsFile()
  expect(createSpeech(file, ['es']).words.language).toBe('es')
  expect(createSpeech(file, ['pt']).words.language).toBe('pt')
})

test('the language that is spoken already may be chosen, too: then the system’s counts no more', () => {
  const file = settingsFile()
  expect(createSpeech(file, ['es']).choose('es')).toBe(false)
  expect(createSpeech(file, ['pt']).words.language).toBe('es')
})

test.each([
  undefined,
  null,
  '',
  'de',
  'PT',
  'pt-BR',
  'constructor',
  '__proto__',
  7,
  ['pt'],
  { language: 'pt' },
  'x'.repeat(1_000_000),
])('a page that says %j chooses nothing', (said) => {
  const file = settingsFile()
  const speech = createSpeech(file, ['es'])
  expect(speech.choose(said)).toBe(false)
  expect(speech.words.language).toBe('es')
  expect(() => readFileSync(file)).toThrow()
})

test.each(['', '{"lang', 'null', '"pt"', '{"language":"toString"}', '{"language":7}'])(
  'a file that has %j in it counts as none',
  (text) => {
    const file = settingsFile()
    writeFileSync(file, text)
    expect(createSpeech(file, ['es']).words.language).toBe('es')
  },
)

test('a file that is far longer than a choice counts as none, and no more of it is read', () => {
  const file = settingsFile()
  writeFileSync(file, `{"language":"pt"}${' '.repeat(100_000)}`)
  expect(createSpeech(file, ['es']).words.language).toBe('es')
})

test.skipIf(hasNoPipes)('a pipe in its place counts as none, and gives way to a choice', () => {
  const file = makePipe(settingsFile(), '{"language":"pt"}')
  const speech = createSpeech(file, ['es'])
  expect(speech.words.language).toBe('es')
  speech.choose('pt')
  expect([statSync(file).isFile(), createSpeech(file, ['es']).words.language]).toEqual([true, 'pt'])
})

test('where it cannot be kept it is spoken all the same', () => {
  const file = settingsFile()
  mkdirSync(file)
  const speech = createSpeech(file, ['en'])
  expect(speech.choose('es')).toBe(true)
  expect(speech.words.language).toBe('es')
})
