import type { FailureCode } from '../core/failure.ts'
import type { ParseCode } from '../core/result.ts'

/** What may be wrong with a join link. */
type LinkCode = Extract<
  ParseCode,
  | 'link-invalid'
  | 'name-invalid'
  | 'name-unprintable'
  | 'code-invalid'
  | 'room-id-invalid'
  | 'peer-id-invalid'
  | 'address-name'
  | 'address-number'
  | 'address-peer'
  | 'address-port'
  | 'address-use'
  | 'address-zone'
>

/** Why a peer does not start, or a room is not entered. In English the peer’s own sentence stands, which knows more. */
export type Sentences = Readonly<Record<FailureCode | LinkCode, string>>

export const pt: Sentences = {
  'link-invalid': 'Isto não é um link de entrada: ele é como gavelring://join?room=evening.',
  'name-invalid': 'Um nome tem de 1 a 64 caracteres.',
  'name-unprintable': 'Um nome é feito de caracteres visíveis.',
  'code-invalid': 'Um código de sala tem no máximo 128 caracteres.',
  'room-id-invalid': 'Isto não é um id de sala: ele tem 64 dígitos de 0 a 9 e a a f.',
  'peer-id-invalid': 'Isto não é um id de par: ele tem 52 caracteres e começa com 12D3KooW.',
  'address-name': 'Um nome em um endereço tem letras, dígitos e hifens, em partes separadas por pontos, como name.local.',
  'address-number': 'Isto não é um endereço IP: ele é como 192.168.1.20 ou fe80::1.',
  'address-peer': 'O id de par no fim do endereço não é válido: ele tem 52 caracteres e começa com 12D3KooW.',
  'address-port': 'A porta de um endereço é um número inteiro de 1 a 65535.',
  'address-use': 'Não se pode conectar com ninguém neste endereço. Use o endereço do próprio par.',
  'address-zone': 'Um endereço que começa com fe80 precisa da sua interface de rede, como [fe80::1%eth0]:4001; outros não a têm.',
  'profile-in-use': 'Outro par está em uso com a mesma pasta. Pare-o, ou dê a este uma pasta própria com --profile.',
  'profile-exposed': 'Outros podem ler a pasta deste par. Deixe só você ter acesso a ela e inicie o par de novo.',
  'permission-denied':
    'Um arquivo ou uma pasta não pode ser lido ou escrito. Escolha com --profile uma pasta em que possa escrever.',
  'path-missing': 'Falta uma pasta. Crie-a, ou escolha outra.',
  'path-taken': 'Há outra coisa onde deveria estar um arquivo ou uma pasta. Escolha outro lugar.',
  'name-too-long': 'O caminho de um arquivo é longo demais. Escolha um mais curto.',
  'file-busy': 'Outro programa está com o arquivo. Feche-o e tente de novo.',
  'files-exhausted': 'Há arquivos demais abertos nesta máquina. Feche outros programas e tente de novo.',
  'locks-unsupported':
    'O disco não aceita bloqueios, como alguns discos de rede. Escolha uma pasta em um disco deste computador.',
  'sync-unsupported':
    'O disco não garante o que nele se grava, como alguns discos de rede. Escolha uma pasta em um disco deste computador.',
  'port-in-use': 'Outro programa está com a porta. Escolha outra, ou 0 para qualquer uma livre.',
  'address-invalid': 'Isto não é um endereço: ele é como 192.168.1.20:4001.',
  'key-damaged': 'A chave deste par não pode ser lida. Restaure o arquivo de uma cópia, ou comece com uma pasta nova.',
  'store-damaged': 'O registro neste disco está danificado. Busque-o de novo com outros membros: inicie o par com --refetch.',
  'store-version': 'Outra versão do Gavelring escreveu o registro neste disco. Use essa versão, ou uma mais nova.',
  'disk-full': 'O disco está cheio. Libere espaço e inicie o par de novo.',
  'disk-read-only': 'Não se pode escrever no disco. Escolha com --profile uma pasta em outro.',
  'disk-failed': 'O disco falhou. Verifique-o e inicie o par de novo.',
  'room-not-found': 'Ninguém que esteja nessa sala foi encontrado. Pergunte se a sala está aberta e nesta rede, e tente de novo.',
  'other-room': 'Esta é outra sala. Confira o nome e o id dela.',
  'other-code': 'A sala tem outro código. Peça-o ao anfitrião e tente de novo.',
  'room-has-history': 'Algo foi feito na sala que está aqui: ela só é deixada se você disser.',
  'room-ambiguous': 'Várias salas com este nome estão à vista. Escolha uma na lista, por quem a fundou.',
  'room-known': 'Uma sala com este nome já está guardada aqui: volte a ela, ou use outro nome.',
  'no-room': 'Este par não está em nenhuma sala: crie uma ou entre em uma.',
  'called-off': 'Foi cancelado.',
  'peer-version': 'O outro par tem outra versão. Use a mesma versão do Gavelring em todos os laptops.',
  'no-quorum': 'Poucos membros ao alcance. Continua sozinho quando voltarem.',
  'quorum-held': 'A sala tem quórum, ou teve há um momento: não é preciso uma nova. Tente de novo se ele continuar faltando.',
  unsettled: 'Ainda sem resposta: pode acontecer. Veja antes de tentar de novo.',
  'not-pending': 'Já foi escrito: não pode ser retirado.',
  'operation-too-large': 'Isto é grande demais. Use uma imagem menor ou textos mais curtos.',
  'room-too-large':
    'O que esta sala contém não cabe no primeiro bloco de uma nova. Guarde o registro em arquivo e crie uma sala vazia.',
  'streams-exhausted': 'Janelas demais acompanham este par. Feche uma e tente de novo.',
  stopping: 'O par está parando. Inicie-o de novo e tente outra vez.',
}

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
  'store-damaged': 'El registro de este disco está dañado. Tráelo de nuevo de otros miembros: inicia el par con --refetch.',
  'store-version': 'Otra versión de Gavelring escribió el registro de este disco. Usa esa versión, o una más nueva.',
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
