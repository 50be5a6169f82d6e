import type { Texts } from '../texts.ts'

export const damage: Texts['damage'] = {
  empty: 'o registro está vazio',
  unreadable: 'não pode ser lido',
  beginning: 'um registro não começa assim',
  rules: 'as regras dele são de uma versão que este programa não conhece',
  signature: 'a assinatura não é a do seu autor',
  place: 'não é o que segue os blocos anteriores',
  checkpoint: 'a verificação dele não é o estado a que o registro leva',
  beside: 'o que está ao lado dele diz outra coisa',
  missing: 'falta no disco, ou está danificado nele',

  beware: 'O que saber sobre este par',
  wasDamaged: 'O registro que estava aqui está danificado.',
  wasGone: 'O registro desta sala não está mais neste disco.',
  lastGood: 'O bloco {{block}} é o último bom.',
  nothingWhole: 'Nenhum bloco dele é de confiança.',
  isAside: 'Ele está guardado como estava, em {{aside}}.',
  isGiven: 'Os outros membros dão o registro de novo a este par.',
  copied: 'Uma cópia da pasta deste par foi iniciada em outro lugar, e parou. De agora em diante inicie só uma das duas.',
  isDamaged: 'O registro neste disco está danificado',
  isDamagedOf: 'O registro de {{name}} neste disco está danificado',
  nothingChanged: 'Nada no disco foi alterado. Há estes caminhos:',
  fetch: 'Buscar com os outros',
  fetchMeans:
    'Os outros membros têm o registro. Quando um deles estiver na sala e nesta rede, este par o recebe dali, sem perder nada.',
  goOn: 'Continuar do bloco {{block}}',
  goOnMeans:
    'Se os outros se foram de vez, este par pode fundar a sala de novo a partir do último bloco bom. O que veio depois se perde, e pode haver ali operações confirmadas. É então outra sala, com outro id, e os outros têm de entrar nela. Faça isto em um só par. O registro danificado fica nesta máquina.',
  keepMeans:
    'O que está inteiro pode ser guardado em um arquivo. JSON Lines se verifica em qualquer máquina, CSV é para uma planilha.',
  reading: 'Lendo o registro',
  isBad: 'O bloco {{index}} está ruim: {{reason}}.',
}
