import type { FailureCode } from '../core/failure.ts'
import type { RejectionCode } from '../market/outcome.ts'
import type { PeerStatus } from '../peer/peer.ts'
import type { MessageFault } from './message.ts'

/** Every sentence of the gateway. The Portuguese ones of the classic bank are kept word for word. */
export interface Texts {
  // Done. These are the classic ones, and what was added to them.
  readonly loggedIn: string
  readonly balance: (amount: string) => string
  readonly withdrawn: string
  readonly deposited: string
  readonly transferred: string
  readonly clock: (time: number) => string
  readonly lots: (count: number) => string
  readonly started: (lot: number) => string
  readonly bidDone: string
  readonly subscribed: string

  // Refused by the bank.
  readonly fundsShort: string
  readonly clientUnknown: string
  readonly fromUnknown: string
  readonly toUnknown: string
  readonly sameAccount: string
  readonly notLoggedIn: string
  readonly notOwn: string
  readonly heldElsewhere: (peer: string) => string
  readonly amountInvalid: string
  readonly secondsInvalid: string
  readonly itemInvalid: string
  readonly idInvalid: string
  readonly bidTooLow: (minimum: string) => string
  /** What else the rules refuse. */
  readonly rejected: Readonly<Partial<Record<RejectionCode, string>> & Record<'account-closed' | 'auction-unknown', string>>
  readonly refused: (code: string) => string

  // Messages that are none.
  readonly faults: Readonly<Record<MessageFault, (field: string) => string>>

  // The world says no. The first ones: nothing was done.
  readonly noRoom: string
  readonly trouble: Readonly<Record<NonNullable<PeerStatus['troubleCode']>, string>>
  readonly withdrawnByPerson: string
  readonly failed: Readonly<Partial<Record<FailureCode, string>>>
  readonly unsure: string
  readonly bug: string

  // Why a connection is closed.
  readonly full: string
  readonly idle: string
  readonly slow: string
  readonly stopping: string

  // Notices.
  readonly noticeStarted: (item: string, amount: string) => string
  readonly noticeBid: (account: string, amount: string) => string
  readonly noticeSold: (item: string, account: string, amount: string) => string
  readonly noticeUnsold: (item: string) => string
  readonly noticeCancelled: (item: string) => string
}

export const languages = ['pt', 'es', 'en'] as const
export type Language = (typeof languages)[number]

const pt: Texts = {
  loggedIn: 'Login realizado com sucesso',
  balance: (amount) => `Saldo: ${amount}`,
  withdrawn: 'Saque realizado com sucesso',
  deposited: 'Depósito realizado com sucesso',
  transferred: 'Transferência realizada com sucesso',
  clock: (time) => `Relógio: ${time}`,
  lots: (count) => (count === 1 ? '1 leilão aberto' : `${count} leilões abertos`),
  started: (lot) => `Leilão ${lot} iniciado com sucesso`,
  bidDone: 'Lance realizado com sucesso',
  subscribed: 'Inscrição realizada com sucesso',

  fundsShort: 'Saldo insuficiente',
  clientUnknown: 'Cliente não encontrado',
  fromUnknown: 'Conta de origem não encontrada',
  toUnknown: 'Conta de destino não encontrada',
  sameAccount: 'Não é possível transferir para a mesma conta',
  notLoggedIn: 'Faça o login primeiro',
  notOwn: 'Só é possível usar a própria conta',
  heldElsewhere: (peer) => `Esta conta é de outro par, ${peer}: conecte-se ao gateway dele`,
  amountInvalid: 'Valor inválido',
  secondsInvalid: 'Tempo inválido: use segundos inteiros, até 30 dias',
  itemInvalid: 'Item inválido: use de 1 a 64 caracteres',
  idInvalid: 'Id inválido: use de 1 a 64 caracteres sem espaços',
  bidTooLow: (minimum) => `Lance baixo: o mínimo é ${minimum}`,
  rejected: {
    'account-closed': 'Conta encerrada',
    'not-owner': 'Esta conta é de outro par',
    'not-host': 'Nesta sala só o anfitrião deposita',
    'room-limit': 'A sala não comporta tanto dinheiro',
    'request-reused': 'Este id já foi usado para outra operação',
    'auction-unknown': 'Leilão não encontrado',
    'auction-closed': 'Leilão encerrado',
    'auction-paused': 'Leilão em pausa',
    'own-lot': 'Esta conta recebe do lote: não pode dar lances nele',
  },
  refused: (code) => `Operação recusada (${code})`,

  faults: {
    unreadable: () => 'Mensagem inválida',
    'time-invalid': () => 'Mensagem inválida: falta o tempo, t:1',
    'operation-unknown': () => 'Operação inválida: use op:1 até op:10',
    'field-missing': (field) => `Mensagem incompleta: falta ${field}`,
    unended: () => 'Mensagem incompleta: nada foi feito',
    'too-long': () => 'Mensagem longa demais',
    'no-client': () => 'Aqui não se fala HTTP',
  },

  noRoom: 'Este par ainda não está em uma sala: nada foi feito',
  trouble: {
    left: 'Este par saiu da sala: nada foi feito',
    'older-copy': 'Este par é uma cópia antiga: nada foi feito',
    twin: 'Este par tem uma cópia em outro lugar: nada foi feito',
    'state-diverged': 'Este par tem um estado diferente: nada foi feito',
    bug: 'Este par parou por um erro: nada foi feito',
    'disk-full': 'O disco deste par está cheio: nada foi feito',
    'disk-failed': 'O disco deste par falhou: nada foi feito',
    forgotten: 'Este par perdeu o registro e espera pela sala: nada foi feito',
    'catching-up': 'Este par ainda busca o registro: nada foi feito',
    unheard: 'Este par ainda não ouviu a sala: nada foi feito',
    'no-quorum': 'Sem quórum: nada foi feito',
  },
  withdrawnByPerson: 'Operação retirada: nada foi feito',
  failed: { 'operation-too-large': 'Operação grande demais: nada foi feito' },
  unsure: 'Sem confirmação até agora: ainda pode acontecer, confira o saldo',
  bug: 'Erro interno',

  full: 'Há conexões demais: tente de novo mais tarde',
  idle: 'Conexão encerrada: nada foi pedido há muito tempo',
  slow: 'Conexão encerrada: as respostas não são lidas',
  stopping: 'Este par está parando: nada foi feito',

  noticeStarted: (item, amount) => `Leilão iniciado: ${item}, a partir de ${amount}`,
  noticeBid: (account, amount) => `${account} lidera com ${amount}`,
  noticeSold: (item, account, amount) => `Leilão encerrado: ${item} vendido a ${account} por ${amount}`,
  noticeUnsold: (item) => `Leilão encerrado: ${item} sem vencedor`,
  noticeCancelled: (item) => `Leilão cancelado: ${item}`,
}

const es: Texts = {
  loggedIn: 'Sesión iniciada con éxito',
  balance: (amount) => `Saldo: ${amount}`,
  withdrawn: 'Retiro realizado con éxito',
  deposited: 'Depósito realizado con éxito',
  transferred: 'Transferencia realizada con éxito',
  clock: (time) => `Reloj: ${time}`,
  lots: (count) => (count === 1 ? '1 subasta abierta' : `${count} subastas abiertas`),
  started: (lot) => `Subasta ${lot} iniciada con éxito`,
  bidDone: 'Puja realizada con éxito',
  subscribed: 'Suscripción realizada con éxito',

  fundsShort: 'Saldo insuficiente',
  clientUnknown: 'Cliente no encontrado',
  fromUnknown: 'Cuenta de origen no encontrada',
  toUnknown: 'Cuenta de destino no encontrada',
  sameAccount: 'No es posible transferir a la misma cuenta',
  notLoggedIn: 'Inicia la sesión primero',
  notOwn: 'Solo es posible usar la propia cuenta',
  heldElsewhere: (peer) => `Esta cuenta es de otro par, ${peer}: conéctate a su gateway`,
  amountInvalid: 'Importe inválido',
  secondsInvalid: 'Tiempo inválido: usa segundos enteros, hasta 30 días',
  itemInvalid: 'Artículo inválido: usa de 1 a 64 caracteres',
  idInvalid: 'Id inválido: usa de 1 a 64 caracteres sin espacios',
  bidTooLow: (minimum) => `Puja baja: el mínimo es ${minimum}`,
  rejected: {
    'account-closed': 'Cuenta cerrada',
    'not-owner': 'Esta cuenta es de otro par',
    'not-host': 'En esta sala solo ingresa el anfitrión',
    'room-limit': 'La sala no admite tanto dinero',
    'request-reused': 'Este id ya se usó para otra operación',
    'auction-unknown': 'Subasta no encontrada',
    'auction-closed': 'Subasta terminada',
    'auction-paused': 'Subasta en pausa',
    'own-lot': 'Esta cuenta cobra del lote: no puede pujar en él',
  },
  refused: (code) => `Operación rechazada (${code})`,

  faults: {
    unreadable: () => 'Mensaje inválido',
    'time-invalid': () => 'Mensaje inválido: falta el tiempo, t:1',
    'operation-unknown': () => 'Operación inválida: usa op:1 hasta op:10',
    'field-missing': (field) => `Mensaje incompleto: falta ${field}`,
    unended: () => 'Mensaje incompleto: no se hizo nada',
    'too-long': () => 'Mensaje demasiado largo',
    'no-client': () => 'Aquí no se habla HTTP',
  },

  noRoom: 'Este par todavía no está en una sala: no se hizo nada',
  trouble: {
    left: 'Este par salió de la sala: no se hizo nada',
    'older-copy': 'Este par es una copia antigua: no se hizo nada',
    twin: 'Este par tiene una copia en otro lugar: no se hizo nada',
    'state-diverged': 'Este par tiene un estado distinto: no se hizo nada',
    bug: 'Este par se detuvo por un error: no se hizo nada',
    'disk-full': 'El disco de este par está lleno: no se hizo nada',
    'disk-failed': 'El disco de este par falló: no se hizo nada',
    forgotten: 'Este par perdió su registro y espera a la sala: no se hizo nada',
    'catching-up': 'Este par aún busca el registro: no se hizo nada',
    unheard: 'Este par aún no ha oído la sala: no se hizo nada',
    'no-quorum': 'Sin quórum: no se hizo nada',
  },
  withdrawnByPerson: 'Operación retirada: no se hizo nada',
  failed: { 'operation-too-large': 'Operación demasiado grande: no se hizo nada' },
  unsure: 'Sin confirmación hasta ahora: todavía puede ocurrir, mira el saldo',
  bug: 'Error interno',

  full: 'Hay demasiadas conexiones: prueba más tarde',
  idle: 'Conexión cerrada: hace mucho que no se pide nada',
  slow: 'Conexión cerrada: las respuestas no se leen',
  stopping: 'Este par se está parando: no se hizo nada',

  noticeStarted: (item, amount) => `Subasta iniciada: ${item}, desde ${amount}`,
  noticeBid: (account, amount) => `${account} va ganando con ${amount}`,
  noticeSold: (item, account, amount) => `Subasta terminada: ${item} vendido a ${account} por ${amount}`,
  noticeUnsold: (item) => `Subasta terminada: ${item} sin ganador`,
  noticeCancelled: (item) => `Subasta cancelada: ${item}`,
}

const en: Texts = {
  loggedIn: 'Logged in',
  balance: (amount) => `Balance: ${amount}`,
  withdrawn: 'Withdrawal done',
  deposited: 'Deposit done',
  transferred: 'Transfer done',
  clock: (time) => `Clock: ${time}`,
  lots: (count) => (count === 1 ? '1 open auction' : `${count} open auctions`),
  started: (lot) => `Auction ${lot} started`,
  bidDone: 'Bid done',
  subscribed: 'Subscribed',

  fundsShort: 'Not enough money',
  clientUnknown: 'Client not found',
  fromUnknown: 'Source account not found',
  toUnknown: 'Target account not found',
  sameAccount: 'A transfer goes to another account',
  notLoggedIn: 'Log in first',
  notOwn: 'Only the own account can be used',
  heldElsewhere: (peer) => `This account belongs to another peer, ${peer}: connect to its gateway`,
  amountInvalid: 'Invalid amount',
  secondsInvalid: 'Invalid time: whole seconds, 30 days at most',
  itemInvalid: 'Invalid item: 1 to 64 characters',
  idInvalid: 'Invalid id: 1 to 64 characters without spaces',
  bidTooLow: (minimum) => `The bid is too low: the least is ${minimum}`,
  rejected: {
    'account-closed': 'The account is closed',
    'not-owner': 'This account belongs to another peer',
    'not-host': 'In this room only the host deposits',
    'room-limit': 'The room cannot hold that much money',
    'request-reused': 'This id was used for another operation',
    'auction-unknown': 'Auction not found',
    'auction-closed': 'The auction has ended',
    'auction-paused': 'The auction is paused',
    'own-lot': 'This account is paid by the lot: it cannot bid there',
  },
  refused: (code) => `Refused (${code})`,

  faults: {
    unreadable: () => 'Invalid message',
    'time-invalid': () => 'Invalid message: the time is missing, t:1',
    'operation-unknown': () => 'Invalid operation: op:1 to op:10',
    'field-missing': (field) => `Incomplete message: ${field} is missing`,
    unended: () => 'Incomplete message: nothing was done',
    'too-long': () => 'The message is too long',
    'no-client': () => 'HTTP is not spoken here',
  },

  noRoom: 'This peer is in no room yet: nothing was done',
  trouble: {
    left: 'This peer has left the room: nothing was done',
    'older-copy': 'This peer is an older copy: nothing was done',
    twin: 'This peer has a copy elsewhere: nothing was done',
    'state-diverged': 'This peer has another state: nothing was done',
    bug: 'This peer has stopped: nothing was done',
    'disk-full': 'The disk of this peer is full: nothing was done',
    'disk-failed': 'The disk of this peer failed: nothing was done',
    forgotten: 'This peer has lost its log and waits for the room: nothing was done',
    'catching-up': 'This peer is catching up: nothing was done',
    unheard: 'This peer has not heard the room yet: nothing was done',
    'no-quorum': 'No quorum: nothing was done',
  },
  withdrawnByPerson: 'Withdrawn: nothing was done',
  failed: { 'operation-too-large': 'The operation is too large: nothing was done' },
  unsure: 'Not committed yet: it may still happen, look at the balance',
  bug: 'Internal error',

  full: 'Too many connections: try again later',
  idle: 'Connection closed: nothing was asked for a long time',
  slow: 'Connection closed: the answers are not read',
  stopping: 'This peer is stopping: nothing was done',

  noticeStarted: (item, amount) => `Auction started: ${item}, from ${amount}`,
  noticeBid: (account, amount) => `${account} leads with ${amount}`,
  noticeSold: (item, account, amount) => `Auction ended: ${item} sold to ${account} for ${amount}`,
  noticeUnsold: (item) => `Auction ended: ${item} without a winner`,
  noticeCancelled: (item) => `Auction called off: ${item}`,
}

export const textsOf: Readonly<Record<Language, Texts>> = { pt, es, en }
