import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { SaveDialogOptions } from 'electron'
import { expect, test } from 'vitest'
import { type Download, takeDownload } from '../../src/desktop/downloads.ts'
import type { Sender } from '../../src/desktop/window-rules.ts'
import { words } from '../../src/desktop/words.ts'

/** What Electron hands over with `will-download`. */
class Item extends EventEmitter {
  readonly dialogs: SaveDialogOptions[] = []
  readonly #url: string
  readonly #name: string
  constructor(url: string, name: string) {
    super()
    this.#url = url
    this.#name = name
  }
  getURL(): string {
    return this.#url
  }
  getFilename(): string {
    return this.#name
  }
  setSaveDialogOptions(options: SaveDialogOptions): void {
    this.dialogs.push(options)
  }
}

const own: Sender = { url: 'app://gavelring/#/log', isMainFrame: true, isOwnWindow: true }
const blob = 'blob:app://gavelring/0a1b2c3d-0000-4000-8000-000000000000'

function download(url = blob, name = 'gavelring-evening.csv', sender: Sender = own) {
  const item = new Item(url, name)
  const failed: string[] = []
  let isStopped = false
  const refusal = takeDownload(
    {
      preventDefault: () => {
        isStopped = true
      },
    },
    item as unknown as Download,
    { sender, folder: '/home/ana/Downloads', words: words.pt, onFailed: (file) => failed.push(file) },
  )
  return { item, failed, isStopped, refusal }
}

test.each([
  ['gavelring-evening.jsonl', 'JSON Lines', 'jsonl'],
  ['gavelring-evening.csv', 'CSV', 'csv'],
  ['ring.svg', 'SVG', 'svg'],
  ['ring.PNG', 'PNG', 'png'],
])('%s, made by our page, is saved where the person says in the system’s dialog', (name, kind, extension) => {
  const { item, isStopped, refusal } = download(blob, name)
  expect([refusal, isStopped]).toEqual([undefined, false])
  expect(item.dialogs).toEqual([
    {
      title: 'Salvar o arquivo',
      defaultPath: join('/home/ana/Downloads', name.toLowerCase()),
      filters: [{ name: kind, extensions: [extension] }],
      properties: ['createDirectory', 'showOverwriteConfirmation'],
    },
  ])
})

test.each<[string, string, string, Partial<Sender>]>([
  ['a page of somebody else', 'https://example.org/log.csv', 'log.csv', {}],
  ['an address of ours that is no blob', 'app://gavelring/index.html', 'log.csv', {}],
  ['a blob of somebody else', 'blob:https://example.org/0a1b', 'log.csv', {}],
  ['a blob of an origin that only looks like ours', 'blob:app://gavelring.example.org/0a1b', 'log.csv', {}],
  ['a blob without an origin', 'blob:null/0a1b', 'log.csv', {}],
  ['text in an address', 'data:text/csv,a', 'log.csv', {}],
  ['a program', blob, 'gavelring.exe', {}],
  ['a file without a kind', blob, 'csv', {}],
  ['a file with two kinds', blob, 'log.csv.desktop', {}],
  ['a frame within the page', blob, 'log.csv', { isMainFrame: false }],
  ['a window of somebody else', blob, 'log.csv', { isOwnWindow: false }],
  ['a page that is gone', blob, 'log.csv', { url: undefined }],
])('%s saves nothing', (_what, url, name, sender) => {
  const { item, isStopped, refusal } = download(url, name, { ...own, ...sender })
  expect([typeof refusal, isStopped, item.dialogs, item.listenerCount('done')]).toEqual(['string', true, [], 0])
})

test.each([
  ['../../.config/autostart/evil.csv', 'evil.csv'],
  ['...csv.csv', 'csv.csv'],
  ['.hidden.csv', 'hidden.csv'],
  ['a\u202egnp.csv', 'a-gnp.csv'],
  ['sala: "noite" | 1.csv', 'sala- -noite- - 1.csv'],
  ['noite de Ação.csv', 'noite de Ação.csv'],
  [`${'x'.repeat(5_000)}.csv`, `${'x'.repeat(120)}.csv`],
])('a file that is called %s is offered as %s', (name, offered) => {
  expect(download(blob, name).item.dialogs[0]?.defaultPath).toBe(join('/home/ana/Downloads', offered))
})

test('a file that was begun and is not whole is told; one that was saved, or that the person called off, is not', () => {
  for (const [state, told] of [
    ['completed', []],
    ['cancelled', []],
    ['interrupted', ['gavelring-evening.csv']],
  ] as const) {
    const { item, failed } = download()
    item.emit('done', {}, state)
    expect([state, failed]).toEqual([state, told])
  }
})
