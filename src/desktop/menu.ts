import type { MenuItemConstructorOptions } from 'electron'
import type { PeerState, Place } from './messages.ts'
import type { Words } from './words.ts'

export interface MenuActions {
  openWindow(): void
  startAgain(): void
  lookForUpdate(): void
  quit(): void
}

/** `canUpdate`: it was installed, so that it can be replaced. */
export function menuOf(isMac: boolean, canUpdate: boolean, actions: MenuActions, { menu }: Words): MenuItemConstructorOptions[] {
  const update: MenuItemConstructorOptions = { label: menu.lookForUpdate, enabled: canUpdate, click: actions.lookForUpdate }
  const quit: MenuItemConstructorOptions = { label: menu.quit, accelerator: 'CmdOrCtrl+Q', click: actions.quit }
  const app: MenuItemConstructorOptions[] = isMac
    ? [
        { role: 'about', label: menu.about },
        update,
        { type: 'separator' },
        { role: 'hide', label: menu.hide },
        { role: 'hideOthers', label: menu.hideOthers },
        { type: 'separator' },
        quit,
      ]
    : [update, { type: 'separator' }, quit]
  return [
    { label: 'Gavelring', submenu: app },
    {
      // Not the role of the whole menu: Electron’s own entries speak English.
      label: menu.edit,
      submenu: [
        { role: 'undo', label: menu.undo },
        { role: 'redo', label: menu.redo },
        { type: 'separator' },
        { role: 'cut', label: menu.cut },
        { role: 'copy', label: menu.copy },
        { role: 'paste', label: menu.paste },
        { role: 'delete', label: menu.delete },
        { type: 'separator' },
        { role: 'selectAll', label: menu.selectAll },
      ],
    },
    {
      label: menu.view,
      submenu: [
        { role: 'reload', label: menu.reload },
        { type: 'separator' },
        { role: 'resetZoom', label: menu.resetZoom },
        { role: 'zoomIn', label: menu.zoomIn },
        { role: 'zoomOut', label: menu.zoomOut },
        { type: 'separator' },
        { role: 'togglefullscreen', label: menu.fullScreen },
      ],
    },
    {
      role: 'windowMenu',
      label: menu.window,
      submenu: [
        { label: menu.newWindow, accelerator: 'CmdOrCtrl+N', click: actions.openWindow },
        { role: 'minimize', label: menu.minimize },
        { role: 'close', label: menu.close },
      ],
    },
  ]
}

/** The peer stays in the ring when the last window is closed: the tray says so, and leads back. */
export function trayMenuOf(state: PeerState, actions: MenuActions, words: Words): MenuItemConstructorOptions[] {
  const { menu } = words
  const isGone = state.kind === 'away' || state.kind === 'refused'
  return [
    { label: stateText(state, words), enabled: false },
    { type: 'separator' },
    { label: menu.open, click: actions.openWindow },
    ...(isGone ? [{ label: menu.startAgain, click: actions.startAgain }] : []),
    { type: 'separator' },
    { label: menu.quit, click: actions.quit },
  ]
}

export function stateText(state: PeerState, words: Words): string {
  switch (state.kind) {
    case 'running':
      return placeText(state.place, words)
    case 'refused':
      return state.isOption ? words.option(state.refusal) : words.refusal(state.refusal)
    default:
      return words.state[state.kind]
  }
}

function placeText(place: Place, { state }: Words): string {
  switch (place.kind) {
    case 'checking':
    case 'replaying':
      return state[place.kind](place.percent)
    case 'nowhere':
      return state.noRoom
    case 'in':
      return state.inRoom(place.room)
    case 'entering':
      return place.reasons.length === 0 ? state.entering(place.room) : state.waiting(place.room, place.reasons)
  }
}
