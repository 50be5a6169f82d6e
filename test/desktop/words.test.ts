import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, test } from 'vitest'
import { root } from '../../build/processes.ts'
import { waitCodes } from '../../src/api/codes.ts'
import { readPeerConfig } from '../../src/app/config.ts'
import type { Environment, Flags } from '../../src/app/flags.ts'
import { es as refusalsEs } from '../../src/core/refusal-words/es.ts'
import { pt as refusals } from '../../src/core/refusal-words/pt.ts'
import { readJoinRequest } from '../../src/desktop/join-request.ts'
import { type MenuActions, menuOf, stateText, trayMenuOf } from '../../src/desktop/menu.ts'
import type { PeerState } from '../../src/desktop/messages.ts'
import { pt as options, es as optionsEs } from '../../src/desktop/option-words.ts'
import { type Words, words, wordsFor } from '../../src/desktop/words.ts'

const { en, pt, es } = words

test.each<[readonly string[], string]>([
  [['pt-BR', 'en-US'], 'pt'],
  [['pt_PT.UTF-8'], 'pt'],
  [['ES'], 'es'],
  [['es-419'], 'es'],
  [['en-GB', 'pt-BR'], 'en'],
  [['de-DE', 'es-ES', 'en'], 'es'],
  [['de-DE', 'zh-Hans-CN'], 'en'],
  [['est', 'ptx', 'C', '', 'constructor', '__proto__'], 'en'],
  [[], 'en'],
])('of the system’s languages %j the app speaks %s', (languages, language) => {
  expect(wordsFor(languages)).toBe(words[language as keyof typeof words])
})

/** Every sentence with the path of its key; functions are called with facts that can be found again. */
function sentencesOf(part: object, path = ''): [string, string][] {
  return Object.entries(part).flatMap(([key, value]): [string, string][] => {
    const where = path === '' ? key : `${path}.${key}`
    if (typeof value === 'object' && value !== null) return sentencesOf(value, where)
    if (where === 'language' || where === 'refusal' || where === 'option' || where === 'state.waiting') return []
    return [[where, typeof value === 'function' ? value('FACT', 'OTHER') : String(value)]]
  })
}

const facts = (text: string): string[] => (text.match(/FACT|OTHER/g) ?? []).sort()

describe.each([
  ['pt', pt],
  ['es', es],
] as const)('%s', (_language, other) => {
  const english = sentencesOf(en)
  const spoken = new Map(sentencesOf(other))
  test.each(english.map(([key, text]) => [key, text] as const))('%s', (key, text) => {
    const said = spoken.get(key) ?? ''
    expect(said.trim()).not.toBe('')
    expect(said).not.toBe(text)
    expect(said).not.toMatch(/!|undefined/)
    expect(facts(said)).toEqual(facts(text))
    expect(/[.?]$/.test(said)).toBe(/[.?]$/.test(text))
  })
  test('it has no word that English lacks', () => expect([...spoken.keys()]).toEqual(english.map(([key]) => key)))

  test.each(waitCodes)('why it waits: %s', (code) => {
    const known = { founder: 'Ana', name: 'class', who: 'Bob', address: '10.0.0.1:4001', theirs: 3, ours: 2, room: 'ab12' }
    const text = 'the English sentence'
    const said = other.state.waiting('evening', [{ code, text, facts: known }])
    expect(said).toMatch(/^Esper.*“evening”: .{10,}\.$/)
    expect(said).not.toMatch(/undefined|English/)
    for (const variant of ['none-there', 'none-here', 'newer', 'older', 'nowhere']) {
      expect(other.state.waiting('evening', [{ code, variant, text, facts: known }])).not.toMatch(/undefined|English/)
    }
  })
})

test('several reasons are told one after the other, and names in them turn no text round', () => {
  const reasons = [
    { code: 'another-code', variant: 'none-here', text: '', facts: { founder: 'An\u202Ea' } },
    { code: 'waits-too', text: '', facts: { who: 'Bob' } },
  ] as const
  expect(pt.state.waiting('evening', reasons)).toBe(
    'Esperando pela sala “evening”: a sala de An�a está aqui, mas tem um código; Bob também espera pela sala: um de vocês tem de criá-la.',
  )
  const english = [{ code: 'nobody', text: 'nobody was heard yet' }] as const
  expect(en.state.waiting('evening', english)).toBe('Waiting for the room “evening”: nobody was heard yet.')
})

test('a refusal is told by its code, with the file that it is about; of an unknown code in the peer’s own words', () => {
  const message = 'Another peer runs with this folder: /home/ana'
  const refusal = { code: 'profile-in-use', message, facts: { path: '/home/ana' } }
  expect(en.refusal(refusal)).toBe(message)
  expect(pt.refusal(refusal)).toBe(`${refusals['profile-in-use']} (/home/ana)`)
  expect(es.refusal({ code: 'other-code', message: 'The room has another code.' })).toBe(refusalsEs['other-code'])
  expect(es.refusal({ code: 'constructor', message: 'Something new.' })).toBe('Something new.')
  for (const [code, sentence] of Object.entries(refusals)) {
    expect(sentence, code).not.toMatch(/\{\{|!/)
    expect(refusalsEs[code as keyof typeof refusals], code).not.toMatch(/\{\{|!/)
    expect(refusalsEs[code as keyof typeof refusals], code).not.toBe(sentence)
  }
})

describe('what is wrong with what the app was started with', () => {
  const link = 'gavelring://join?room=evening&code=lamp'
  const nameTooLong = 'x'.repeat(65)
  const faults: readonly (readonly [string, Flags, Environment, string])[] = [
    ['room-invalid', { room: nameTooLong }, {}, '--room: '],
    ['name-invalid', {}, { GAVELRING_NAME: nameTooLong }, 'GAVELRING_NAME: '],
    ['currency-invalid', { currency: 'XXXX' }, {}, '--currency: '],
    ['deposits-invalid', { deposits: 'all' }, {}, '--deposits: '],
    ['code-invalid', { code: 'x'.repeat(129) }, {}, '--code: '],
    ['code-file-invalid', {}, { GAVELRING_CODE_FILE: '/nonexistent' }, 'GAVELRING_CODE_FILE: '],
    ['code-twice', { code: 'x', 'code-file': '/nonexistent' }, {}, ''],
    ['founder-invalid', { founder: nameTooLong, name: 'Ana' }, {}, '--founder: '],
    ['founder-alone', { founder: 'Ana' }, {}, '--founder: '],
    ['wait-invalid', { wait: 'soon' }, {}, '--wait: '],
    ['listen-invalid', { listen: ['nowhere'] }, {}, '--listen: '],
    ['bootstrap-invalid', { bootstrap: ['nowhere'] }, {}, '--bootstrap: '],
    ['join-invalid', { join: 'gavelring://join' }, {}, '--join: '],
    ['http-invalid', { http: '0.0.0.0:80' }, {}, '--http: '],
    ['log-format-invalid', {}, { GAVELRING_LOG_FORMAT: 'xml' }, 'GAVELRING_LOG_FORMAT: '],
    ['switch-invalid', {}, { GAVELRING_CREATE: 'maybe' }, 'GAVELRING_CREATE: '],
    ['link-conflict', { room: 'class', bootstrap: [link] }, {}, '--room: '],
    ['new-code-alone', { code: 'new' }, {}, '--code: '],
    ['last-alone', { last: true, room: 'class' }, {}, ''],
    ['refetch-alone', { create: true, refetch: true }, {}, ''],
    ['join-alone', { create: true, join: true }, {}, ''],
    ['wait-alone', { create: true, wait: '1m' }, {}, ''],
    ['gateway-invalid', {}, { GAVELRING_GATEWAY: 'nowhere' }, 'GAVELRING_GATEWAY: '],
    [
      'gateway-language-invalid',
      {},
      { GAVELRING_GATEWAY: '127.0.0.1:9000', GAVELRING_GATEWAY_LANGUAGE: 'de' },
      'GAVELRING_GATEWAY_LANGUAGE: ',
    ],
  ]
  test.each(faults)('%s', (code, flags, env, option) => {
    const config = readPeerConfig(flags, env)
    if (config.ok) throw new Error('nothing is wrong with it')
    expect(config.error.code).toBe(code)
    expect(en.option(config.error)).toBe(config.error.message)
    for (const [language, sentences] of [
      [pt, options],
      [es, optionsEs],
    ] as const) {
      const sentence = Object.entries(sentences).find(([each]) => each === code)?.[1] ?? ''
      expect(sentence).toMatch(/^[A-Z].{10,}\.$/)
      expect(language.option(config.error)).toMatch(/^(Há|Hay) /)
      expect(language.option(config.error).endsWith(` ${option}${sentence}`)).toBe(true)
    }
    expect(options[code as keyof typeof options]).not.toBe(optionsEs[code as keyof typeof options])
  })
  test('there is a sentence for each, and one of a later version is told in English', () => {
    expect(Object.keys(options).sort()).toEqual(faults.map(([code]) => code).sort())
    expect(Object.keys(optionsEs)).toEqual(Object.keys(options))
    expect(pt.option({ code: 'shape-invalid', message: '--shape: round is expected.' })).toMatch(/ --shape: round is expected\.$/)
    // Each code that the options are refused by: a parser’s own gives way to that of its option.
    const source = readFileSync(join(root, 'src', 'app', 'config.ts'), 'utf8')
    const refused = [...source.matchAll(/refused\('([a-z-]+)'/g)]
      .map(([, code = '']) => code)
      .filter((code) => !code.endsWith('-invalid'))
    const checked = [...source.matchAll(/(?:checked|optional|all)\(source, '([a-z-]+)'/g)].map(([, name]) => `${name}-invalid`)
    const known = new Set([...Object.keys(options), 'quiet-alone', 'log-level-alone', 'log-level-invalid'])
    expect([...refused, ...checked].filter((code) => !known.has(code))).toEqual([])
  })
})

const pressed: string[] = []
const actions: MenuActions = {
  openWindow: () => pressed.push('window'),
  startAgain: () => pressed.push('start'),
  lookForUpdate: () => pressed.push('update'),
  quit: () => pressed.push('quit'),
}

function labelsOf(items: readonly MenuItemConstructorOptions[]): (string | undefined)[] {
  return items.flatMap(({ type, label, submenu }) =>
    type === 'separator' ? [] : [label, ...(Array.isArray(submenu) ? labelsOf(submenu) : [])],
  )
}

test('the menu is built in Portuguese, each entry of it', () => {
  const app = ['Gavelring', 'Procurar atualização', 'Sair do anel e encerrar']
  const edit = ['Editar', 'Desfazer', 'Refazer', 'Recortar', 'Copiar', 'Colar', 'Excluir', 'Selecionar tudo']
  const view = ['Exibir', 'Recarregar', 'Tamanho real', 'Ampliar', 'Reduzir', 'Tela cheia']
  const window = ['Janela', 'Nova janela', 'Minimizar', 'Fechar']
  expect(labelsOf(menuOf(false, true, actions, pt))).toEqual([...app, ...edit, ...view, ...window])
  const mac = ['Sobre o Gavelring', 'Procurar atualização', 'Ocultar o Gavelring', 'Ocultar os outros', 'Sair do anel e encerrar']
  expect(labelsOf(menuOf(true, true, actions, pt))).toEqual(['Gavelring', ...mac, ...edit, ...view, ...window])
})

const refusal = { code: 'disk-full', message: 'The disk is full.' }
const states: PeerState[] = [
  { kind: 'starting' },
  { kind: 'running', place: { kind: 'replaying', percent: 7 } },
  { kind: 'running', place: { kind: 'nowhere' } },
  { kind: 'running', place: { kind: 'in', room: 'evening' } },
  { kind: 'running', place: { kind: 'entering', room: 'evening', reasons: [] } },
  { kind: 'restarting' },
  { kind: 'refused', refusal, isOption: false },
  { kind: 'leaving' },
  { kind: 'away' },
]
test.each<[string, Words, string[]]>([
  [
    'Portuguese',
    pt,
    [
      'O par está iniciando.',
      pt.state.replaying(7),
      'Em nenhuma sala.',
      'Na sala “evening”.',
      'Entrando na sala “evening”.',
      'O par parou sozinho e está sendo reiniciado.',
      refusals['disk-full'],
      'O par está saindo do anel.',
      'O par saiu do anel.',
    ],
  ],
  [
    'English',
    en,
    [
      'The peer starts.',
      'Replaying the log: 7 %.',
      'In no room.',
      'In the room “evening”.',
      'Entering the room “evening”.',
      'The peer stopped by itself, and is started again.',
      'The disk is full.',
      'The peer leaves the ring.',
      'The peer has left the ring.',
    ],
  ],
])('the tray says in %s how the peer is', (_language, language, texts) => {
  expect(states.map((state) => stateText(state, language))).toEqual(texts)
  expect(states.map((state) => trayMenuOf(state, actions, language)[0]?.label)).toEqual(texts)
})

test('the tray offers to start a peer that is gone', () => {
  expect(labelsOf(trayMenuOf({ kind: 'away' }, actions, es))).toEqual([
    'El par ha salido del anillo.',
    'Abrir Gavelring',
    'Iniciar el par de nuevo',
    'Salir del anillo y cerrar',
  ])
  expect(labelsOf(trayMenuOf({ kind: 'starting' }, actions, es))).not.toContain('Iniciar el par de nuevo')
})

test('a link is asked about in the language that is spoken', () => {
  const link = 'gavelring://join?room=class&code=lamp&at=192.168.1.20:4001'
  expect(readJoinRequest(link, 'evening', es)).toMatchObject({
    title: '¿Entrar en la sala “class”?',
    detail: expect.stringMatching(
      /^El enlace trae el código de la sala\. Se buscará en .*4001\. Este par sale antes de la sala “evening”/,
    ),
  })
  expect(readJoinRequest(`${link}&at=192.168.1.21:4001`, undefined, pt)).toMatchObject({
    title: 'Entrar na sala “class”?',
    detail: 'O link traz o código da sala. Ela será procurada em 2 endereços.',
  })
  const bad = { kind: 'refused', title: 'Este link não pode ser aberto.' }
  expect(readJoinRequest('gavelring:nowhere', undefined, pt)).toEqual({ ...bad, detail: refusals['link-invalid'] })
  const name = readJoinRequest('gavelring://join?room=', undefined, pt)
  expect(name).toEqual({ ...bad, detail: refusals['name-invalid'] })
})

test('what people read stands in the tables alone', () => {
  const folder = join(root, 'src', 'desktop')
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts') && !/words\.ts$/.test(file))) {
    const source = readFileSync(join(folder, name), 'utf8')
    expect(source, name).not.toMatch(/\b(?:label|message|detail|title|body|text): [^\n,]*['`](?!Gavelring')[A-Z]/)
  }
})
