import type { Texts } from '../texts.ts'

export const trouble: Texts['trouble'] = {
  left: 'Saiu da sala.',
  'older-copy': 'A pasta dele é uma cópia antiga de si mesma: falta o que ele escreveu depois. Inicie-o com --refetch.',
  twin: 'Uma cópia da pasta dele está ou esteve em uso em outro lugar, ou ela foi restaurada de uma cópia antiga. Inicie-o com --refetch.',
  'state-diverged':
    'As contas e os lotes daqui não são os que os outros membros têm: a falha é deste disco ou deste programa. Inicie-o com --refetch.',
  bug: 'Uma falha do programa o parou. Inicie-o de novo.',
  'disk-full': 'O disco está cheio. Libere espaço e inicie o par de novo.',
  'disk-failed': 'O disco falhou. Verifique-o e inicie o par de novo.',
  forgotten: 'O registro dele se perdeu. Ele volta a participar quando a sala tiver avançado.',
  'catching-up': 'Está alcançando a sala.',
  unheard: 'Ainda não se ouviu nenhum membro da sala.',
  'no-quorum': 'Poucos membros ao alcance. Continua sozinho quando voltarem.',
}
