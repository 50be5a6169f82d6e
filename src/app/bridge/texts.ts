import { type Language, type Texts, textsOf } from '../../gateway/texts.ts'

/** Every sentence of the bridge: those of the gateway, and what only a bus needs. */
export interface BridgeTexts extends Texts {
  readonly typeUnknown: string
  readonly accountNeeded: string
  readonly productTaken: string
  /** With bids a lot is sold when its time is over, and not before. */
  readonly hasBids: (seconds: number) => string
  readonly peerAway: string
}

const own: Readonly<Record<Language, Omit<BridgeTexts, keyof Texts>>> = {
  pt: {
    typeUnknown: 'Tipo inválido: use iniciar, lance ou finalizar',
    accountNeeded: 'Conta ausente: indique a conta no campo rg',
    productTaken: 'Este productId já é de um leilão aberto',
    hasBids: (seconds) => `Já há lances: o leilão termina sozinho em ${seconds} s`,
    peerAway: 'O par não está ao alcance: nada foi feito',
  },
  es: {
    typeUnknown: 'Tipo inválido: usa iniciar, lance o finalizar',
    accountNeeded: 'Falta la cuenta: indícala en el campo rg',
    productTaken: 'Este productId ya es de una subasta abierta',
    hasBids: (seconds) => `Ya hay pujas: la subasta termina sola en ${seconds} s`,
    peerAway: 'El par no está al alcance: no se hizo nada',
  },
  en: {
    typeUnknown: 'Invalid type: iniciar, lance or finalizar',
    accountNeeded: 'The account is missing: name it in the field rg',
    productTaken: 'An open auction has this productId already',
    hasBids: (seconds) => `There are bids already: the auction ends by itself in ${seconds} s`,
    peerAway: 'The peer is out of reach: nothing was done',
  },
}

export const bridgeTextsOf = (language: Language): BridgeTexts => ({ ...textsOf[language], ...own[language] })
