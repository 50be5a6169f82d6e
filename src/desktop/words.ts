import type { Reason } from '../api/rooms.ts'
import { es as sentencesEs } from '../core/refusal-words/es.ts'
import { pt as sentencesPt } from '../core/refusal-words/pt.ts'
import type { Sentences } from '../core/refusal-words/sentences.ts'
import { printable } from '../core/safe-text.ts'
import type { Refusal, UnsoldEnding } from './messages.ts'
import * as options from './option-words.ts'

/** What the app says outside its windows: menu, tray, dialogs, notifications. What is shown in a window has its words in `renderer/texts`. */
export type Words = typeof en
export type Language = 'en' | 'pt' | 'es'

const en = {
  language: 'en' as Language,
  menu: {
    about: 'About Gavelring',
    lookForUpdate: 'Look for an Update',
    hide: 'Hide Gavelring',
    hideOthers: 'Hide Others',
    quit: 'Leave the Ring and Quit',
    edit: 'Edit',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    delete: 'Delete',
    selectAll: 'Select All',
    view: 'View',
    reload: 'Reload',
    resetZoom: 'Actual Size',
    zoomIn: 'Zoom In',
    zoomOut: 'Zoom Out',
    fullScreen: 'Full Screen',
    window: 'Window',
    newWindow: 'New Window',
    minimize: 'Minimize',
    close: 'Close',
    open: 'Open Gavelring',
    startAgain: 'Start the Peer Again',
  },
  state: {
    starting: 'The peer starts.',
    restarting: 'The peer stopped by itself, and is started again.',
    leaving: 'The peer leaves the ring.',
    away: 'The peer has left the ring.',
    checking: (percent: number): string => `Checking the log: ${percent} %.`,
    replaying: (percent: number): string => `Replaying the log: ${percent} %.`,
    noRoom: 'In no room.',
    inRoom: (room: string): string => `In the room “${room}”.`,
    entering: (room: string): string => `Entering the room “${room}”.`,
    waiting: (room: string, reasons: readonly Reason[]): string =>
      `Waiting for the room “${room}”: ${reasons.map(({ text }) => text).join('; ')}.`,
  },
  refusal: ({ message }: Refusal): string => message,
  /** An option or a variable that the app was started with. */
  option: ({ message }: Refusal): string => message,
  join: {
    unreadable: 'This link cannot be opened.',
    title: (room: string): string => `Join the room “${room}”?`,
    noCode: 'The room has no code.',
    withCode: 'The link brings the room’s code.',
    at: (address: string): string => `It will be looked for at ${address}.`,
    /** Two or more. */
    atSeveral: (count: number): string => `It will be looked for at ${count} addresses.`,
    leavesFirst: (room: string): string => `This peer leaves the room “${room}” first; its log stays on this machine.`,
    yes: 'Join',
    no: 'Cancel',
    failed: 'The room was not entered.',
  },
  notice: {
    outbid: (item: string): string => `Outbid: ${item}`,
    leads: (who: string, amount: string): string => `${who} leads with ${amount}.`,
    won: (item: string): string => `Won: ${item}`,
    yours: (price: string): string => `It is yours for ${price}.`,
    closed: (item: string): string => `Closed: ${item}`,
    sold: (who: string, price: string): string => `Sold to ${who} for ${price}.`,
    endings: {
      unsold: 'Nobody bid.',
      'reserve-not-met': 'The reserve was not met.',
      cancelled: 'The auction was cancelled.',
    } satisfies Record<UnsoldEnding, string>,
  },
  file: {
    save: 'Save the File',
    failed: (name: string): string => `${name} was not saved.`,
    tryAgain: 'Look whether the disk is full, and try again.',
  },
  update: {
    newer: (version: string): string => `Version ${version} is there.`,
    fetched: 'It is fetched now, and takes this one’s place when you quit.',
    newest: 'This is the newest version.',
    failed: 'The newest version could not be looked up.',
    tryAgain: 'Try again with internet.',
  },
}

type Facts = Readonly<Record<string, string>>
/** A sentence without a full stop for each code, and for each variant of it that needs other words. */
type Obstacles = Readonly<Record<Reason['code'], (facts: Facts) => string>> & Readonly<Record<string, (facts: Facts) => string>>

const obstaclesPt: Obstacles = {
  nobody: () => 'ainda não se ouviu ninguém: há um par dela ativo nesta mesma rede, com o mesmo nome de sala e o mesmo código?',
  'another-code': ({ founder }) => `a sala de ${founder} está aqui, mas tem outro código`,
  'another-code none-there': ({ founder }) => `a sala de ${founder} está aqui, mas não tem código`,
  'another-code none-here': ({ founder }) => `a sala de ${founder} está aqui, mas tem um código`,
  stranger: ({ address }) => `alguém responde em ${address}, mas tem outro código ou outro nome de sala`,
  'another-version': ({ who, theirs, ours }) => `${who} fala a versão ${theirs} do protocolo, este par a versão ${ours}`,
  'another-room': ({ founder }) => `a sala com este nome que ${founder} fundou é outra`,
  'another-name': ({ founder, name }) => `a sala “${name}” de ${founder} está aqui: é essa que você procura?`,
  refused: ({ who }) => `o que ${who} oferece como sala é recusado: não é de confiança`,
  unreachable: ({ who, address }) => `ouve-se ${who} em ${address}, mas não há conexão`,
  'unreachable nowhere': ({ who }) => `ouve-se ${who}, mas não há conexão`,
  'no-answer': ({ address }) => `ninguém responde em ${address}`,
  'waits-too': ({ who }) => `${who} também espera pela sala: um de vocês tem de criá-la`,
}

const pt: Words = {
  language: 'pt',
  menu: {
    about: 'Sobre o Gavelring',
    lookForUpdate: 'Procurar atualização',
    hide: 'Ocultar o Gavelring',
    hideOthers: 'Ocultar os outros',
    quit: 'Sair do anel e encerrar',
    edit: 'Editar',
    undo: 'Desfazer',
    redo: 'Refazer',
    cut: 'Recortar',
    copy: 'Copiar',
    paste: 'Colar',
    delete: 'Excluir',
    selectAll: 'Selecionar tudo',
    view: 'Exibir',
    reload: 'Recarregar',
    resetZoom: 'Tamanho real',
    zoomIn: 'Ampliar',
    zoomOut: 'Reduzir',
    fullScreen: 'Tela cheia',
    window: 'Janela',
    newWindow: 'Nova janela',
    minimize: 'Minimizar',
    close: 'Fechar',
    open: 'Abrir o Gavelring',
    startAgain: 'Iniciar o par de novo',
  },
  state: {
    starting: 'O par está iniciando.',
    restarting: 'O par parou sozinho e está sendo reiniciado.',
    leaving: 'O par está saindo do anel.',
    away: 'O par saiu do anel.',
    checking: (percent) => `Verificando o registro: ${percent} %.`,
    replaying: (percent) => `Refazendo o registro: ${percent} %.`,
    noRoom: 'Em nenhuma sala.',
    inRoom: (room) => `Na sala “${room}”.`,
    entering: (room) => `Entrando na sala “${room}”.`,
    waiting: (room, reasons) => `Esperando pela sala “${room}”: ${told(reasons, obstaclesPt)}.`,
  },
  refusal: (refusal) => refusalOf(refusal, sentencesPt),
  option: (fault) => `Há algo errado nas opções com que o programa foi iniciado. ${options.faultOf(fault, options.pt)}`,
  join: {
    unreadable: 'Este link não pode ser aberto.',
    title: (room) => `Entrar na sala “${room}”?`,
    noCode: 'A sala não tem código.',
    withCode: 'O link traz o código da sala.',
    at: (address) => `Ela será procurada em ${address}.`,
    atSeveral: (count) => `Ela será procurada em ${count} endereços.`,
    leavesFirst: (room) => `Este par sai antes da sala “${room}”; o registro dela fica neste computador.`,
    yes: 'Entrar',
    no: 'Cancelar',
    failed: 'Não se entrou na sala.',
  },
  notice: {
    outbid: (item) => `Lance superado: ${item}`,
    leads: (who, amount) => `${who} está na frente com ${amount}.`,
    won: (item) => `Ganho: ${item}`,
    yours: (price) => `É seu por ${price}.`,
    closed: (item) => `Encerrado: ${item}`,
    sold: (who, price) => `Vendido a ${who} por ${price}.`,
    endings: {
      unsold: 'Ninguém deu lances.',
      'reserve-not-met': 'A reserva não foi atingida.',
      cancelled: 'O leilão foi cancelado.',
    },
  },
  file: {
    save: 'Salvar o arquivo',
    failed: (name) => `${name} não foi salvo.`,
    tryAgain: 'Veja se o disco está cheio e tente de novo.',
  },
  update: {
    newer: (version) => `Há a versão ${version}.`,
    fetched: 'Ela está sendo baixada e toma o lugar desta quando você encerrar.',
    newest: 'Esta é a versão mais nova.',
    failed: 'Não foi possível procurar a versão mais nova.',
    tryAgain: 'Tente de novo com internet.',
  },
}

const obstaclesEs: Obstacles = {
  nobody: () =>
    'aún no se ha oído a nadie: ¿hay un par de ella en esta misma red, con el mismo nombre de sala y el mismo código?',
  'another-code': ({ founder }) => `la sala de ${founder} está aquí, pero tiene otro código`,
  'another-code none-there': ({ founder }) => `la sala de ${founder} está aquí, pero no tiene código`,
  'another-code none-here': ({ founder }) => `la sala de ${founder} está aquí, pero tiene un código`,
  stranger: ({ address }) => `alguien responde en ${address}, pero tiene otro código u otro nombre de sala`,
  'another-version': ({ who, theirs, ours }) => `${who} habla la versión ${theirs} del protocolo, este par la versión ${ours}`,
  'another-room': ({ founder }) => `la sala de este nombre que fundó ${founder} es otra`,
  'another-name': ({ founder, name }) => `la sala “${name}” de ${founder} está aquí: ¿es la que buscas?`,
  refused: ({ who }) => `lo que ${who} ofrece como sala se rechaza: no es de fiar`,
  unreachable: ({ who, address }) => `se oye a ${who} en ${address}, pero no hay conexión`,
  'unreachable nowhere': ({ who }) => `se oye a ${who}, pero no hay conexión`,
  'no-answer': ({ address }) => `nadie responde en ${address}`,
  'waits-too': ({ who }) => `${who} también espera la sala: uno de vosotros tiene que crearla`,
}

const es: Words = {
  language: 'es',
  menu: {
    about: 'Acerca de Gavelring',
    lookForUpdate: 'Buscar una actualización',
    hide: 'Ocultar Gavelring',
    hideOthers: 'Ocultar los demás',
    quit: 'Salir del anillo y cerrar',
    edit: 'Edición',
    undo: 'Deshacer',
    redo: 'Rehacer',
    cut: 'Cortar',
    copy: 'Copiar',
    paste: 'Pegar',
    delete: 'Eliminar',
    selectAll: 'Seleccionar todo',
    view: 'Ver',
    reload: 'Volver a cargar',
    resetZoom: 'Tamaño real',
    zoomIn: 'Acercar',
    zoomOut: 'Alejar',
    fullScreen: 'Pantalla completa',
    window: 'Ventana',
    newWindow: 'Nueva ventana',
    minimize: 'Minimizar',
    close: 'Cerrar',
    open: 'Abrir Gavelring',
    startAgain: 'Iniciar el par de nuevo',
  },
  state: {
    starting: 'El par se está iniciando.',
    restarting: 'El par se detuvo solo y se inicia de nuevo.',
    leaving: 'El par está saliendo del anillo.',
    away: 'El par ha salido del anillo.',
    checking: (percent) => `Comprobando el registro: ${percent} %.`,
    replaying: (percent) => `Rehaciendo el registro: ${percent} %.`,
    noRoom: 'En ninguna sala.',
    inRoom: (room) => `En la sala “${room}”.`,
    entering: (room) => `Entrando en la sala “${room}”.`,
    waiting: (room, reasons) => `Esperando la sala “${room}”: ${told(reasons, obstaclesEs)}.`,
  },
  refusal: (refusal) => refusalOf(refusal, sentencesEs),
  option: (fault) => `Hay un error en las opciones con las que se inició el programa. ${options.faultOf(fault, options.es)}`,
  join: {
    unreadable: 'Este enlace no se puede abrir.',
    title: (room) => `¿Entrar en la sala “${room}”?`,
    noCode: 'La sala no tiene código.',
    withCode: 'El enlace trae el código de la sala.',
    at: (address) => `Se buscará en ${address}.`,
    atSeveral: (count) => `Se buscará en ${count} direcciones.`,
    leavesFirst: (room) => `Este par sale antes de la sala “${room}”; su registro queda en este equipo.`,
    yes: 'Entrar',
    no: 'Cancelar',
    failed: 'No se entró en la sala.',
  },
  notice: {
    outbid: (item) => `Puja superada: ${item}`,
    leads: (who, amount) => `${who} va en cabeza con ${amount}.`,
    won: (item) => `Ganado: ${item}`,
    yours: (price) => `Es tuyo por ${price}.`,
    closed: (item) => `Cerrado: ${item}`,
    sold: (who, price) => `Vendido a ${who} por ${price}.`,
    endings: {
      unsold: 'Nadie pujó.',
      'reserve-not-met': 'No se alcanzó la reserva.',
      cancelled: 'La subasta se canceló.',
    },
  },
  file: {
    save: 'Guardar el archivo',
    failed: (name) => `${name} no se guardó.`,
    tryAgain: 'Mira si el disco está lleno e inténtalo de nuevo.',
  },
  update: {
    newer: (version) => `Está la versión ${version}.`,
    fetched: 'Se está descargando y ocupa el lugar de esta cuando cierres.',
    newest: 'Esta es la versión más nueva.',
    failed: 'No se pudo buscar la versión más nueva.',
    tryAgain: 'Inténtalo de nuevo con internet.',
  },
}

export const words: Readonly<Record<Language, Words>> = { en, pt, es }

export const isLanguage = (said: unknown): said is Language => typeof said === 'string' && Object.hasOwn(words, said)

/** For what the system asks for, the most wanted first, as `pt-BR`: the first of these that we speak, or else English. */
export function wordsFor(languages: readonly string[]): Words {
  for (const tag of languages) {
    const [language = ''] = tag.toLowerCase().split(/[^a-z]/, 1)
    if (isLanguage(language)) return words[language]
  }
  return en
}

/** Names in it are what others call themselves. */
function told(reasons: readonly Reason[], obstacles: Obstacles): string {
  const texts = reasons.map(({ code, variant, facts = {} }) => {
    const say = obstacles[`${code} ${variant}`] ?? obstacles[code]
    return say(Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, printable(String(value))])))
  })
  return texts.join('; ')
}

/** A code that only a later version has is told in English: better than nothing. */
function refusalOf({ code, message, facts }: Refusal, known: Sentences): string {
  const sentence = Object.entries(known).find(([each]) => each === code)?.[1] ?? message
  return typeof facts?.path === 'string' ? `${sentence} (${facts.path})` : sentence
}
