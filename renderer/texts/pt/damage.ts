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
}
