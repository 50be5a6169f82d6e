import type { Refusal } from './messages.ts'

/** What may be wrong with what the peer is started with (`readPeerConfig`). In English its own sentence stands. */
type OptionCode =
  | 'room-invalid'
  | 'name-invalid'
  | 'currency-invalid'
  | 'deposits-invalid'
  | 'code-invalid'
  | 'code-file-invalid'
  | 'code-twice'
  | 'founder-invalid'
  | 'founder-alone'
  | 'wait-invalid'
  | 'listen-invalid'
  | 'bootstrap-invalid'
  | 'join-invalid'
  | 'http-invalid'
  | 'log-format-invalid'
  | 'switch-invalid'
  | 'link-conflict'
  | 'new-code-alone'
  | 'last-alone'
  | 'refetch-alone'
  | 'join-alone'
  | 'wait-alone'
  | 'gateway-invalid'
  | 'gateway-language-invalid'

export type OptionWords = Readonly<Record<OptionCode, string>>

/**
 * The option or the variable as the person wrote it, with which the English sentence begins where it is about one alone, then what
 * is expected. A code that only a later version has is told in English: better than nothing.
 */
export function faultOf({ code, message }: Refusal, known: OptionWords): string {
  const sentence = Object.entries(known).find(([each]) => each === code)?.[1]
  if (sentence === undefined) return message
  const [, option] = /^(--[a-z-]+|GAVELRING_[A-Z_]+): /.exec(message) ?? []
  return option === undefined ? sentence : `${option}: ${sentence}`
}

export const pt: OptionWords = {
  'room-invalid': 'Um nome de sala tem de 1 a 64 caracteres visíveis.',
  'name-invalid': 'Um nome tem de 1 a 64 caracteres visíveis.',
  'currency-invalid': 'Espera-se uma moeda, como EUR, BRL ou credits.',
  'deposits-invalid': 'Espera-se open ou host.',
  'code-invalid': 'Um código de sala tem no máximo 128 caracteres, sem caracteres de controle.',
  'code-file-invalid': 'Espera-se um arquivo legível que contenha só o código da sala.',
  'code-twice': 'Diz-se o código da sala ou o arquivo que o contém: use --code ou --code-file, não os dois.',
  'founder-invalid': 'Um nome tem de 1 a 64 caracteres visíveis.',
  'founder-alone': 'Compara-se com o nome deste par: use --founder com --name, e sem --create, --join nem link.',
  'wait-invalid': 'Espera-se um tempo, como 30, 90s, 2m ou 1h.',
  'listen-invalid': 'Espera-se um endereço próprio, como 0.0.0.0:4001.',
  'bootstrap-invalid': 'Espera-se o endereço de outro par, como 192.168.1.20:4001, ou um link de entrada.',
  'join-invalid': 'Espera-se um link de entrada, como gavelring://join?room=evening.',
  'http-invalid': 'Espera-se 127.0.0.1:PORTA ou off: a API só responde nesta máquina.',
  'log-format-invalid': 'Espera-se json ou text.',
  'switch-invalid': 'Espera-se 1 ou 0.',
  'link-conflict': 'O link é para outra sala, ou tem outro código. Deixe só um dos dois.',
  'new-code-alone': 'Um código novo é para uma sala nova: acrescente --create.',
  'last-alone': 'A sala é a última ou outra: tire --last, ou o que diz qual é a sala.',
  'refetch-alone': 'Uma sala que é criada não tem o que buscar: use --create ou --refetch, não os dois.',
  'join-alone': 'Cria-se uma sala ou entra-se em uma que existe: use --create, ou --join ou um link, não os dois.',
  'wait-alone': 'Por uma sala que é criada não se espera: use --create ou --wait, não os dois.',
  'gateway-invalid': 'Espera-se um lugar onde escutar, como 127.0.0.1:5000, ou off.',
  'gateway-language-invalid': 'Espera-se um idioma: pt, es ou en.',
}

export const es: OptionWords = {
  'room-invalid': 'El nombre de una sala tiene de 1 a 64 caracteres visibles.',
  'name-invalid': 'Un nombre tiene entre 1 y 64 caracteres visibles.',
  'currency-invalid': 'Se espera una moneda, como EUR, BRL o credits.',
  'deposits-invalid': 'Se espera open o host.',
  'code-invalid': 'Un código de sala tiene como máximo 128 caracteres, sin caracteres de control.',
  'code-file-invalid': 'Se espera un archivo legible que contenga solo el código de la sala.',
  'code-twice': 'Se da el código de la sala o el archivo que lo contiene: usa --code o --code-file, no los dos.',
  'founder-invalid': 'Un nombre tiene entre 1 y 64 caracteres visibles.',
  'founder-alone': 'Se compara con el nombre de este par: usa --founder con --name, y sin --create, --join ni enlace.',
  'wait-invalid': 'Se espera un tiempo, como 30, 90s, 2m o 1h.',
  'listen-invalid': 'Se espera una dirección propia, como 0.0.0.0:4001.',
  'bootstrap-invalid': 'Se espera la dirección de otro par, como 192.168.1.20:4001, o un enlace de entrada.',
  'join-invalid': 'Se espera un enlace de entrada, como gavelring://join?room=evening.',
  'http-invalid': 'Se espera 127.0.0.1:PUERTO u off: la API solo responde en este equipo.',
  'log-format-invalid': 'Se espera json o text.',
  'switch-invalid': 'Se espera 1 o 0.',
  'link-conflict': 'El enlace es de otra sala, o tiene otro código. Deja solo uno de los dos.',
  'new-code-alone': 'Un código nuevo es para una sala nueva: añade --create.',
  'last-alone': 'La sala es la última u otra: quita --last, o lo que dice cuál es la sala.',
  'refetch-alone': 'Una sala que se crea no tiene nada que traer: usa --create o --refetch, no los dos.',
  'join-alone': 'Una sala se crea o ya existe y se entra en ella: usa --create, o --join o un enlace, no los dos.',
  'wait-alone': 'A una sala que se crea no se la espera: usa --create o --wait, no los dos.',
  'gateway-invalid': 'Se espera un lugar donde escuchar, como 127.0.0.1:5000, u off.',
  'gateway-language-invalid': 'Se espera un idioma: pt, es o en.',
}
