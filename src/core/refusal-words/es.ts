import type { Sentences } from './sentences.ts'

export const es: Sentences = {
  'link-invalid': 'Esto no es un enlace de entrada: es como gavelring://join?room=evening.',
  'name-invalid': 'Un nombre tiene de 1 a 64 caracteres.',
  'name-unprintable': 'Un nombre se compone de caracteres visibles.',
  'code-invalid': 'Un código de sala tiene como máximo 128 caracteres.',
  'room-id-invalid': 'Esto no es un id de sala: tiene 64 cifras de 0 a 9 y de a a f.',
  'peer-id-invalid': 'Esto no es un id de par: tiene 52 caracteres y empieza por 12D3KooW.',
  'address-name': 'Un nombre en una dirección tiene letras, cifras y guiones, en partes separadas por puntos, como name.local.',
  'address-number': 'Esto no es una dirección IP: es como 192.168.1.20 o fe80::1.',
  'address-peer': 'El id de par al final de la dirección no es válido: tiene 52 caracteres y empieza por 12D3KooW.',
  'address-port': 'El puerto de una dirección es un número entero de 1 a 65535.',
  'address-use': 'No se puede conectar con nadie en esta dirección. Usa la dirección del propio par.',
  'address-zone': 'Una dirección que empieza por fe80 necesita su interfaz de red, como [fe80::1%eth0]:4001; otras no la llevan.',
  'profile-in-use': 'Otro par está en marcha con la misma carpeta. Detenlo, o dale a este una carpeta propia con --profile.',
  'profile-exposed': 'Otros pueden leer la carpeta de este par. Déjala solo para ti y arranca el par de nuevo.',
  'permission-denied':
    'Un archivo o una carpeta no se puede leer o escribir. Elige con --profile una carpeta en la que puedas escribir.',
  'path-missing': 'Falta una carpeta. Créala, o elige otra.',
  'path-taken': 'Hay otra cosa donde debería estar un archivo o una carpeta. Elige otro lugar.',
  'name-too-long': 'La ruta de un archivo es demasiado larga. Elige una más corta.',
  'file-busy': 'Otro programa tiene el archivo. Ciérralo e inténtalo de nuevo.',
  'files-exhausted': 'Hay demasiados archivos abiertos en esta máquina. Cierra otros programas e inténtalo de nuevo.',
  'locks-unsupported': 'El disco no admite bloqueos, como algunos discos de red. Elige una carpeta en un disco de este equipo.',
  'sync-unsupported':
    'El disco no asegura lo que se escribe en él, como algunos discos de red. Elige una carpeta en un disco de este equipo.',
  'port-in-use': 'Otro programa tiene el puerto. Elige otro, o 0 para cualquiera que esté libre.',
  'address-invalid': 'Esto no es una dirección: es como 192.168.1.20:4001.',
  'key-damaged': 'La clave de este par no se puede leer. Restaura su archivo de una copia, o empieza con una carpeta nueva.',
  'store-damaged':
    'El registro de este disco está dañado. Inicia el par de nuevo cuando otro miembro esté al alcance: trae de él el registro.',
  'log-gone':
    'El registro de esta sala ya no está en este disco. Inicia el par de nuevo cuando otro miembro esté al alcance: trae de él el registro.',
  'store-version': 'Otra versión de Gavelring escribió el registro de este disco. Usa esa versión, o una más nueva.',
  'not-damaged':
    'Ningún registro dañado mantiene a este par fuera de una sala. Un registro entero se exporta en la pantalla Registro.',
  'disk-full': 'El disco está lleno. Libera espacio y arranca el par de nuevo.',
  'disk-read-only': 'No se puede escribir en el disco. Elige con --profile una carpeta en otro.',
  'disk-failed': 'El disco falló. Revísalo y arranca el par de nuevo.',
  'room-not-found':
    'No se encontró a nadie que esté en esa sala. Pregunta si la sala está abierta y en esta red, e inténtalo de nuevo.',
  'other-room': 'Esta es otra sala. Revisa su nombre y su id.',
  'other-code': 'La sala tiene otro código. Pídelo al anfitrión e inténtalo de nuevo.',
  'room-has-history': 'Algo se hizo en la sala que está aquí: solo se deja si tú lo dices.',
  'room-ambiguous': 'Hay varias salas con este nombre a la vista. Elige una en la lista, por quién la fundó.',
  'room-known': 'Aquí ya se guarda una sala con este nombre: vuelve a ella, o usa otro nombre.',
  'no-room': 'Este par no está en ninguna sala: crea una o entra en una.',
  'called-off': 'Se canceló.',
  'peer-version': 'El otro par tiene otra versión. Usa la misma versión de Gavelring en todos los portátiles.',
  'no-quorum': 'Hay pocos miembros al alcance. Sigue solo cuando vuelvan.',
  'quorum-held':
    'La sala tiene quórum, o lo tuvo hace un momento: no hace falta una nueva. Inténtalo de nuevo si sigue faltando.',
  unsettled: 'Aún sin respuesta: todavía puede ocurrir. Mira antes de intentarlo de nuevo.',
  'not-pending': 'Ya está escrito: no se puede deshacer.',
  'operation-too-large': 'Esto es demasiado grande. Usa una imagen menor o textos más cortos.',
  'room-too-large':
    'Lo que contiene esta sala no cabe en el primer bloque de una nueva. Guarda el registro en un archivo y crea una sala vacía.',
  'streams-exhausted': 'Demasiadas ventanas siguen a este par. Cierra una e inténtalo de nuevo.',
  stopping: 'El par se está deteniendo. Arráncalo y prueba otra vez.',
}
