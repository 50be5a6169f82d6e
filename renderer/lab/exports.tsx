import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { diagramSvg } from '../../src/mutex/diagram.ts'
import { eventsCsv, eventsJson } from '../../src/mutex/exports.ts'
import type { Cones } from '../../src/mutex/happened-before.ts'
import { shivizLog } from '../../src/mutex/shiviz.ts'
import type { SpaceTime } from '../../src/mutex/space-time.ts'
import { shortName } from '../parts/name.tsx'
import { saveFile } from '../parts/save-file.ts'
import { useNameOf, useRoom, useStatus } from '../room/use-room.tsx'
import type { Language } from '../texts/language.ts'
import type { History } from './history.ts'
import { pngOf } from './png.ts'
import type { Run } from './types.ts'

export interface ExportsProps {
  readonly history: History
  readonly run: Run
  readonly drawing: SpaceTime
  readonly chosen: number | undefined
  readonly cones: Cones | undefined
}

/** The diagram as it is seen, and all that was told of the run, as files. */
export function Exports({ history, run, drawing, chosen, cones }: ExportsProps) {
  const { t, i18n } = useTranslation('lab')
  const { door } = useRoom()
  const status = useStatus()
  const names = useNameOf()
  const [reportFault, setReportFault] = useState('')
  const [failed, setFailed] = useState(false)
  const nameOf = (peer: string): string => shortName(names(peer))
  const { experiment, setting } = run
  const file = `gavelring-lab-${experiment}-${setting.algorithm.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 32)}`
  const save = (ending: string, type: string, content: BlobPart): void =>
    saveFile(`${file}.${ending}`, new Blob([content], { type }))
  const svg = (): string =>
    diagramSvg(drawing, {
      nameOf,
      title: t('experiment', { experiment, algorithm: setting.algorithm }),
      description: t('svgDescription', { members: drawing.lines.length, count: drawing.marks.length }),
      ...(chosen !== undefined && cones !== undefined && { chosen: { number: chosen, ...cones } }),
    })
  const savePng = async (): Promise<void> => {
    setFailed(false)
    const png = await pngOf(svg())
    if (png === undefined) setFailed(true)
    else saveFile(`${file}.png`, png)
  }
  const saveReport = async (): Promise<void> => {
    if (status === undefined) return
    setReportFault('')
    try {
      const [{ readRoomReport }, { reportFormat, reportPage }] = await Promise.all([
        import('../../src/api/room-report.ts'),
        import('../../src/mutex/report.ts'),
      ])
      const language = i18n.language as Language
      const head = { format: reportFormat, program: status.version, language, by: nameOf(status.self) } as const
      const { report } = await readRoomReport(await door.api(), experiment, head, nameOf)
      save('html', 'text/html', reportPage(report))
    } catch (error) {
      setReportFault(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <div className="lab-exports">
      <h3>{t('export')}</h3>
      <div className="actions">
        <Button size="compact-md" variant="default" onClick={() => save('svg', 'image/svg+xml', svg())}>
          SVG
        </Button>
        <Button size="compact-md" variant="default" onClick={() => void savePng()}>
          PNG
        </Button>
        <Button size="compact-md" variant="default" onClick={() => save('csv', 'text/csv', eventsCsv(history.events, nameOf))}>
          CSV
        </Button>
        <Button size="compact-md" variant="default" onClick={() => save('json', 'application/json', eventsJson(history.events))}>
          JSON
        </Button>
        <Button size="compact-md" variant="default" onClick={() => save('log', 'text/plain', shivizLog(history.events, nameOf))}>
          ShiViz
        </Button>
        {run.ended !== undefined && (
          <Button size="compact-md" variant="default" onClick={() => void saveReport()}>
            {t('report')}
          </Button>
        )}
      </div>
      <p className="faint">{t('exportHint')}</p>
      {run.ended !== undefined && <p className="faint">{t('reportHint')}</p>}
      {reportFault !== '' && (
        <p className="bad" role="alert">
          {t('reportFailed', { text: reportFault })}
        </p>
      )}
      {failed && (
        <p className="bad" role="alert">
          {t('pngFailed')}
        </p>
      )}
    </div>
  )
}
