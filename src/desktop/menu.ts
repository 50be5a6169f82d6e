import type { MenuItemConstructorOptions } from 'electron'
import type { PeerState } from './messages.ts'

export interface MenuActions {
  openWindow(): void
  startAgain(): void
  lookForUpdate(): void
  quit(): void
}

/** `canUpdate`: it was installed, so that it can be replaced. */
export function menuOf(isMac: boolean, canUpdate: boolean, actions: MenuActions): MenuItemConstructorOptions[] {
  const update: MenuItemConstructorOptions = { label: 'Look for an Update', enabled: canUpdate, click: actions.lookForUpdate }
  const quit: MenuItemConstructorOptions = { label: 'Leave the Ring and Quit', accelerator: 'CmdOrCtrl+Q', click: actions.quit }
  const app: MenuItemConstructorOptions[] = isMac
    ? [{ role: 'about' }, update, { type: 'separator' }, { role: 'hide' }, { role: 'hideOthers' }, { type: 'separator' }, quit]
    : [update, { type: 'separator' }, quit]
  return [
    { label: 'Gavelring', submenu: app },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    {
      role: 'windowMenu',
      submenu: [
        { label: 'New Window', accelerator: 'CmdOrCtrl+N', click: actions.openWindow },
        { role: 'minimize' },
        { role: 'close' },
      ],
    },
  ]
}

/** The peer stays in the ring when the last window is closed: the tray says so, and leads back. */
export function trayMenuOf(state: PeerState, actions: MenuActions): MenuItemConstructorOptions[] {
  const isGone = state.kind === 'away' || state.kind === 'refused'
  return [
    { label: stateText(state), enabled: false },
    { type: 'separator' },
    { label: 'Open Gavelring', click: actions.openWindow },
    ...(isGone ? [{ label: 'Start the Peer Again', click: actions.startAgain }] : []),
    { type: 'separator' },
    { label: 'Leave the Ring and Quit', click: actions.quit },
  ]
}

export function stateText(state: PeerState): string {
  switch (state.kind) {
    case 'starting':
      return 'The peer starts.'
    case 'running':
    case 'refused':
      return state.text
    case 'restarting':
      return 'The peer stopped by itself, and is started again.'
    case 'leaving':
      return 'The peer leaves the ring.'
    case 'away':
      return 'The peer has left the ring.'
  }
}
