import type { Texts } from '../texts.ts'

export const damage: Texts['damage'] = {
  empty: 'el registro está vacío',
  unreadable: 'no se puede leer',
  beginning: 'un registro no empieza así',
  rules: 'sus reglas son de una versión que este programa no conoce',
  signature: 'su firma no es la de su autor',
  place: 'no es el que sigue a los bloques anteriores',
  checkpoint: 'su punto de control no es el estado al que lleva el registro',
  beside: 'lo que está a su lado dice otra cosa',
  missing: 'falta en el disco, o está dañado en él',

  beware: 'Qué saber de este par',
  wasDamaged: 'El registro que estaba aquí está dañado.',
  wasGone: 'El registro de esta sala ya no está en este disco.',
  lastGood: 'El bloque {{block}} es el último bueno.',
  nothingWhole: 'Ningún bloque suyo es de fiar.',
  isAside: 'Se guarda como estaba, en {{aside}}.',
  isGiven: 'Los demás miembros le dan el registro de nuevo a este par.',
  copied: 'Una copia de la carpeta de este par se inició en otra parte, y se detuvo. Desde ahora inicia solo una de las dos.',
  isDamaged: 'El registro de este disco está dañado',
  isDamagedOf: 'El registro de {{name}} en este disco está dañado',
  nothingChanged: 'Nada del disco se ha cambiado. Hay estos caminos:',
  fetch: 'Traerlo de los demás',
  fetchMeans:
    'Los demás miembros tienen el registro. Cuando uno de ellos esté en la sala y en esta red, este par lo recibe de él, sin perder nada.',
  goOn: 'Seguir desde el bloque {{block}}',
  goOnMeans:
    'Si los demás se han ido para siempre, este par puede fundar la sala de nuevo desde su último bloque bueno. Lo que vino después se pierde, y puede haber operaciones confirmadas. Es entonces otra sala, con otro id, y los demás tienen que entrar en ella. Hazlo en un solo par. El registro dañado se queda en esta máquina.',
  keepMeans:
    'Lo que está entero se puede guardar en un archivo. JSON Lines se verifica en cualquier máquina, CSV es para una hoja de cálculo.',
  reading: 'Leyendo el registro',
  isBad: 'El bloque {{index}} está mal: {{reason}}.',
}
