import { useTranslation } from 'react-i18next'
import { useOperationText } from '../bank/operation-text.ts'
import { shortName } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { useNameOf } from '../room/use-room.tsx'
import type { Line } from './lines.ts'

/** Names of a view that a line has room for; the block itself has them all. */
const namesMax = 8

/** What a block is about, in words. */
export function useTell(): (line: Pick<Line, 'kind' | 'room' | 'members' | 'first' | 'count'>) => string {
  const { t } = useTranslation('log')
  const { names } = useFormat()
  const nameOf = useNameOf()
  const tellOperation = useOperationText()
  return ({ kind, room, members, first, count }) => {
    switch (kind) {
      case 'genesis':
        return t('genesis', { room: shortName(room) })
      case 'state':
        return t('state')
      case 'view': {
        const shown = members.slice(0, namesMax).map((member) => shortName(nameOf(member)))
        const rest = members.length > namesMax ? [t('andMore', { count: members.length - namesMax })] : []
        return t('view', { count: members.length, names: names([...shown, ...rest]) })
      }
      case 'ops': {
        if (first === undefined) return t('noOperations')
        const text = tellOperation(first)
        return count === 1 ? text : `${text}, ${t('andMore', { count: count - 1 })}`
      }
    }
  }
}
