import { es as sentences } from '../../../src/core/refusal-words/es.ts'
import type { Texts } from '../texts.ts'

export const trouble: Texts['trouble'] = {
  left: 'Ha salido de la sala.',
  'older-copy': 'Su carpeta es una copia antigua de sí misma: falta lo que escribió después. Inícialo con --refetch.',
  twin: 'Una copia de su carpeta está o estuvo en uso en otra parte, o se restauró de una copia antigua. Inícialo con --refetch.',
  'state-diverged':
    'Las cuentas y los lotes de aquí no son los de los demás miembros: el fallo es de este disco o de este programa. Inícialo con --refetch.',
  bug: 'Un fallo del programa lo ha detenido. Inícialo de nuevo.',
  'disk-full': sentences['disk-full'],
  'disk-failed': sentences['disk-failed'],
  forgotten: 'Su registro se perdió. Vuelve a participar cuando la sala haya avanzado.',
  'catching-up': 'Se está poniendo al día con la sala.',
  unheard: 'Aún no se ha oído a ningún miembro de la sala.',
  'no-quorum': sentences['no-quorum'],
}
