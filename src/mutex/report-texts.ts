/** What a lab report says, in the languages of the app. */
export type ReportLanguage = 'en' | 'pt' | 'es'

export interface ReportTexts {
  readonly title: string
  readonly by: string
  inRoom(room: string, experiment: number, peers: number): string
  simulated(peers: number): string
  readonly setting: string
  readonly algorithm: string
  readonly ownFile: string
  readonly section: string
  readonly peers: string
  readonly entriesEach: string
  readonly think: string
  readonly stay: string
  readonly delay: string
  readonly lost: string
  readonly crash: string
  readonly faults: string
  readonly stepMode: string
  readonly yes: string
  readonly no: string
  readonly seed: string
  readonly figures: string
  readonly figure: string
  readonly measured: string
  readonly theory: string
  readonly theoryNote: string
  readonly entries: string
  readonly messagesPerEntry: string
  readonly messages: string
  readonly overhead: string
  readonly waitMean: string
  readonly waitP95: string
  readonly handover: string
  readonly rate: string
  readonly fairness: string
  readonly recovery: string
  readonly violations: string
  readonly noViolation: string
  violationCount(count: number): string
  violation(first: string, firstLamport: number, second: string, secondLamport: number): string
  readonly diagram: string
  readonly noSteps: string
  diagramDescription(shown: number, all: number): string
  readonly check: string
  readonly checkNote: string
  readonly room: string
  readonly block: string
  readonly setup: string
  readonly settingHash: string
  readonly result: string
  readonly stop: string
  readonly head: string
  readonly ended: string
  readonly stepsHash: string
}

const en: ReportTexts = {
  title: 'Lab report',
  by: 'By',
  inRoom: (room, experiment, peers) => `Experiment ${experiment} in the room “${room}”, ${peers} peers`,
  simulated: (peers) => `A simulated room, ${peers} peers`,
  setting: 'Setting',
  algorithm: 'Algorithm',
  ownFile: 'Own file, SHA-256',
  section: 'Section',
  peers: 'Peers',
  entriesEach: 'Entries of each peer',
  think: 'Think time',
  stay: 'Time inside',
  delay: 'Network, one way',
  lost: 'Lost, and sent again',
  crash: 'One crashes at',
  faults: 'Faults',
  stepMode: 'Step by step',
  yes: 'yes',
  no: 'no',
  seed: 'Seed',
  figures: 'Measured, beside the theory',
  figure: 'Figure',
  measured: 'Measured',
  theory: 'Theory',
  theoryNote: 'The theory speaks of runs without faults. Times that compare clocks of several peers are approximate.',
  entries: 'Entries',
  messagesPerEntry: 'Messages per entry',
  messages: 'Messages for entries',
  overhead: 'Overhead: elections, beginnings',
  waitMean: 'Waiting, mean',
  waitP95: 'Waiting, 95 of 100',
  handover: 'Synchronisation delay',
  rate: 'Entries per second',
  fairness: 'Fairness (entries, Jain’s index)',
  recovery: 'Recovery after a fault',
  violations: 'Two inside at once',
  noViolation: 'Never: no two peers were inside at once.',
  violationCount: (count) => `${count} ${count === 1 ? 'time' : 'times'}`,
  violation: (first, firstLamport, second, secondLamport) =>
    `${first} was inside (Lamport ${firstLamport}) when ${second} entered (Lamport ${secondLamport})`,
  diagram: 'Space-time diagram',
  noSteps: 'The peer that made this report had not kept the events.',
  diagramDescription: (shown, all) =>
    `The first ${shown} of ${all} events, by Lamport time. A bar: inside. A dotted arrow: overhead. A cross: it had not come by then.`,
  check: 'To check it',
  checkNote: 'With a peer of the same room, or anywhere for a simulated one:',
  room: 'Room',
  block: 'block',
  setup: 'Set-up',
  settingHash: 'Hash of the setting',
  result: 'Result',
  stop: 'Stopped',
  head: 'Log as of then',
  ended: 'Ended',
  stepsHash: 'SHA-256 of all events',
}

const pt: ReportTexts = {
  title: 'Relatório do laboratório',
  by: 'Por',
  inRoom: (room, experiment, peers) => `Experimento ${experiment} na sala “${room}”, ${peers} pares`,
  simulated: (peers) => `Uma sala simulada, ${peers} pares`,
  setting: 'Configuração',
  algorithm: 'Algoritmo',
  ownFile: 'Arquivo próprio, SHA-256',
  section: 'Seção',
  peers: 'Pares',
  entriesEach: 'Entradas de cada par',
  think: 'Tempo pensando',
  stay: 'Tempo dentro',
  delay: 'Rede, ida',
  lost: 'Perdidas, e enviadas de novo',
  crash: 'Um cai em',
  faults: 'Falhas',
  stepMode: 'Passo a passo',
  yes: 'sim',
  no: 'não',
  seed: 'Semente',
  figures: 'Medido, ao lado da teoria',
  figure: 'Grandeza',
  measured: 'Medido',
  theory: 'Teoria',
  theoryNote: 'A teoria fala de execuções sem falhas. Tempos que comparam relógios de vários pares são aproximados.',
  entries: 'Entradas',
  messagesPerEntry: 'Mensagens por entrada',
  messages: 'Mensagens para entradas',
  overhead: 'Custo extra: eleições, inícios',
  waitMean: 'Espera, média',
  waitP95: 'Espera, 95 de 100',
  handover: 'Atraso de sincronização',
  rate: 'Entradas por segundo',
  fairness: 'Justiça (entradas, índice de Jain)',
  recovery: 'Recuperação após uma falha',
  violations: 'Dois dentro ao mesmo tempo',
  noViolation: 'Nunca: não houve dois pares dentro ao mesmo tempo.',
  violationCount: (count) => `${count} ${count === 1 ? 'vez' : 'vezes'}`,
  violation: (first, firstLamport, second, secondLamport) =>
    `${first} estava dentro (Lamport ${firstLamport}) quando ${second} entrou (Lamport ${secondLamport})`,
  diagram: 'Diagrama espaço-tempo',
  noSteps: 'O par que fez este relatório não tinha guardado os eventos.',
  diagramDescription: (shown, all) =>
    `Os primeiros ${shown} de ${all} eventos, por tempo de Lamport. Barra: dentro. Seta pontilhada: custo extra. Cruz: até ali não chegou.`,
  check: 'Para conferir',
  checkNote: 'Com um par da mesma sala, ou em qualquer lugar se for simulado:',
  room: 'Sala',
  block: 'bloco',
  setup: 'Início',
  settingHash: 'Hash da configuração',
  result: 'Resultado',
  stop: 'Interrompido',
  head: 'Registro naquele momento',
  ended: 'Fim',
  stepsHash: 'SHA-256 de todos os eventos',
}

const es: ReportTexts = {
  title: 'Informe del laboratorio',
  by: 'Por',
  inRoom: (room, experiment, peers) => `Experimento ${experiment} en la sala “${room}”, ${peers} pares`,
  simulated: (peers) => `Una sala simulada, ${peers} pares`,
  setting: 'Configuración',
  algorithm: 'Algoritmo',
  ownFile: 'Archivo propio, SHA-256',
  section: 'Sección',
  peers: 'Pares',
  entriesEach: 'Entradas de cada par',
  think: 'Tiempo pensando',
  stay: 'Tiempo dentro',
  delay: 'Red, ida',
  lost: 'Perdidos, y enviados de nuevo',
  crash: 'Uno cae en',
  faults: 'Fallos',
  stepMode: 'Paso a paso',
  yes: 'sí',
  no: 'no',
  seed: 'Semilla',
  figures: 'Medido, junto a la teoría',
  figure: 'Magnitud',
  measured: 'Medido',
  theory: 'Teoría',
  theoryNote: 'La teoría habla de ejecuciones sin fallos. Los tiempos que comparan relojes de varios pares son aproximados.',
  entries: 'Entradas',
  messagesPerEntry: 'Mensajes por entrada',
  messages: 'Mensajes para entradas',
  overhead: 'Coste extra: elecciones, comienzos',
  waitMean: 'Espera, media',
  waitP95: 'Espera, 95 de 100',
  handover: 'Retardo de sincronización',
  rate: 'Entradas por segundo',
  fairness: 'Equidad (entradas, índice de Jain)',
  recovery: 'Recuperación tras un fallo',
  violations: 'Dos dentro a la vez',
  noViolation: 'Nunca: no hubo dos pares dentro a la vez.',
  violationCount: (count) => `${count} ${count === 1 ? 'vez' : 'veces'}`,
  violation: (first, firstLamport, second, secondLamport) =>
    `${first} estaba dentro (Lamport ${firstLamport}) cuando ${second} entró (Lamport ${secondLamport})`,
  diagram: 'Diagrama espacio-tiempo',
  noSteps: 'El par que hizo este informe no había guardado los eventos.',
  diagramDescription: (shown, all) =>
    `Los primeros ${shown} de ${all} eventos, por tiempo de Lamport. Barra: dentro. Flecha punteada: coste extra. Cruz: hasta ahí no llegó.`,
  check: 'Para comprobarlo',
  checkNote: 'Con un par de la misma sala, o en cualquier lugar si es simulado:',
  room: 'Sala',
  block: 'bloque',
  setup: 'Inicio',
  settingHash: 'Hash de la configuración',
  result: 'Resultado',
  stop: 'Detenido',
  head: 'Registro en ese momento',
  ended: 'Fin',
  stepsHash: 'SHA-256 de todos los eventos',
}

export const reportTexts: Readonly<Record<ReportLanguage, ReportTexts>> = { en, pt, es }
