import { dialog } from 'electron'
import updater from 'electron-updater'
import type { Words } from './words.ts'

/** Only when the person asks for it: a peer needs no internet, and tells nobody that it is there. */
export function lookForUpdate({ update }: Words): void {
  const { autoUpdater } = updater
  autoUpdater.autoDownload = true
  void autoUpdater.checkForUpdates().then(
    (result) => {
      const isNewer = result?.isUpdateAvailable === true
      const message = isNewer ? update.newer(result.updateInfo.version) : update.newest
      const detail = isNewer ? update.fetched : ''
      void dialog.showMessageBox({ message, detail })
    },
    (error: unknown) => {
      const detail = `${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)} ${update.tryAgain}`
      void dialog.showMessageBox({ type: 'warning', message: update.failed, detail })
    },
  )
}
