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
}
