import { dialog } from 'electron'
import updater from 'electron-updater'

/** Only when the person asks for it: a peer needs no internet, and tells nobody that it is there. */
export function lookForUpdate(): void {
  const { autoUpdater } = updater
  autoUpdater.autoDownload = true
  void autoUpdater.checkForUpdates().then(
    (result) => {
      const isNewer = result?.isUpdateAvailable === true
      const message = isNewer ? `Version ${result.updateInfo.version} is there.` : 'This is the newest version.'
      const detail = isNewer ? 'It is fetched now, and takes this one’s place when you quit.' : ''
      void dialog.showMessageBox({ message, detail })
    },
    (error: unknown) => {
      const detail = `${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)} Try again with internet.`
      void dialog.showMessageBox({ type: 'warning', message: 'The newest version could not be looked up.', detail })
    },
  )
}
