import { pt as sentences } from '../../../src/core/refusal-words/pt.ts'
import type { Texts } from '../texts.ts'

export const trouble: Texts['trouble'] = {
  left: 'Saiu da sala.',
  'older-copy': 'A pasta dele é uma cópia antiga de si mesma: falta o que ele escreveu depois. Inicie-o com --refetch.',
  twin: 'Uma cópia da pasta dele está ou esteve em uso em outro lugar, ou ela foi restaurada de uma cópia antiga. Inicie-o com --refetch.',
  'state-diverged':
    'As contas e os lotes daqui não são os que os outros membros têm: a falha é deste disco ou deste programa. Inicie-o com --refetch.',
  bug: 'Uma falha do programa o parou. Inicie-o de novo.',
  'disk-full': sentences['disk-full'],
  'disk-failed': sentences['disk-failed'],
  forgotten: 'O registro dele se perdeu. Ele volta a participar quando a sala tiver avançado.',
  'catching-up': 'Está alcançando a sala.',
  unheard: 'Ainda não se ouviu nenhum membro da sala.',
  'no-quorum': sentences['no-quorum'],
}
