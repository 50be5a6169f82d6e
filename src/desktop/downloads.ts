import { basename, extname, join } from 'node:path'
import type { DownloadItem, Event, SaveDialogOptions } from 'electron'
import { ignoreNavigation, ignoreSender, type Sender } from './window-rules.ts'
import type { Words } from './words.ts'

/** What our pages make files of: the log, and what is drawn of the ring. */
const kinds: Readonly<Record<string, string>> = {
  '.jsonl': 'JSON Lines',
  '.json': 'JSON',
  '.csv': 'CSV',
  '.svg': 'SVG',
  '.png': 'PNG',
}

const nameCharsMax = 120

export type Download = Pick<DownloadItem, 'getURL' | 'getFilename' | 'setSaveDialogOptions' | 'once'>

export interface DownloadPorts {
  /** The window that asks, as it is now. */
  readonly sender: Sender
  /** Where people look for what they saved. */
  readonly folder: string
  readonly words: Words
  /** The file was begun, and is not whole. */
  onFailed(name: string): void
}

/**
 * A page saves a file: only what it made itself, out of its own memory, and only where the person says in the system's dialog.
 * The reason of a refusal is returned.
 */
export function takeDownload(
  event: Pick<Event, 'preventDefault'>,
  item: Download,
  { sender, folder, words, onFailed }: DownloadPorts,
): string | undefined {
  const name = fileName(item.getFilename())
  const refusal = ignoreSender(sender) ?? ignoreFile(item.getURL(), name)
  if (refusal !== undefined) {
    event.preventDefault()
    return refusal
  }
  item.setSaveDialogOptions(saveDialog(name, folder, words))
  item.once('done', (_event, state) => {
    // `cancelled`: the person closed the dialog.
    if (state === 'interrupted') onFailed(name)
  })
  return undefined
}

/** A blob has the page that made it in its address. */
function ignoreFile(url: string, name: string): string | undefined {
  const [, page] = /^blob:(.*)$/.exec(url) ?? []
  if (page === undefined || ignoreNavigation(page) !== undefined) return 'not made by a page of this app'
  return kindOf(name) === undefined ? 'not a kind of file that this app makes' : undefined
}

const kindOf = (name: string): string | undefined => kinds[extname(name)]

/** A room's name may be in it: nothing but what every file system has, and no hidden file. */
function fileName(given: string): string {
  const plain = basename(given)
    .replaceAll(/[^\p{L}\p{N} ._()-]+/gu, '-')
    .replace(/^[ .-]+/, '')
  const extension = extname(plain)
  const stem = [...plain.slice(0, plain.length - extension.length)].slice(0, nameCharsMax).join('')
  return `${stem}${extension.toLowerCase()}`
}

function saveDialog(name: string, folder: string, { file }: Words): SaveDialogOptions {
  return {
    title: file.save,
    defaultPath: join(folder, name),
    filters: [{ name: kindOf(name) ?? '', extensions: [extname(name).slice(1)] }],
    properties: ['createDirectory', 'showOverwriteConfirmation'],
  }
}
