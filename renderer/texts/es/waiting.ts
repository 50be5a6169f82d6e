import type { Texts } from '../texts.ts'

export const waiting: Texts['waiting'] = {
  nobody:
    'Aún no se ha oído a nadie. ¿Hay un par de la sala en marcha en esta misma red, con el mismo nombre de sala y el mismo código?',
  'another-code':
    'La sala {{name}} de {{founder}} está aquí, pero tiene otro código. Entra con su código, o crea una sala propia.',
  'another-code_none-there': 'La sala {{name}} de {{founder}} está aquí, pero no tiene código. Entra sin código.',
  'another-code_none-here': 'La sala {{name}} de {{founder}} está aquí, pero tiene un código. Entra con su código.',
  stranger: 'Alguien responde en {{address}}, pero tiene otro código u otro nombre de sala. Revisa ambos.',
  'another-version':
    '{{who}} habla la versión {{theirs, number}} del protocolo, este par la versión {{ours, number}}. Usa la misma versión de Gavelring en todos los portátiles.',
  'another-version_newer':
    '{{who}} habla la versión {{theirs, number}} del protocolo, este par la versión {{ours, number}}. Usa aquí un Gavelring más nuevo.',
  'another-version_older':
    '{{who}} habla la versión {{theirs, number}} del protocolo, este par la versión {{ours, number}}. Allí hace falta un Gavelring más nuevo.',
  'another-room': 'La sala de este nombre que fundó {{founder}} es otra (id {{room}}).',
  'another-name': 'La sala {{name}} de {{founder}} está aquí. ¿Es la que buscas?',
  refused: 'Lo que {{who}} ofrece como sala se rechaza: no es de fiar. Entra por otra persona que esté en ella.',
  unreachable: 'Se oye a {{who}} en {{address}}, pero no hay conexión: un cortafuegos, o una red que aísla a sus invitados.',
  unreachable_nowhere: 'Se oye a {{who}}, pero no hay conexión: un cortafuegos, o una red que aísla a sus invitados.',
  'no-answer': 'Nadie responde en {{address}}. ¿Hay un par en marcha allí, y es correcta la dirección?',
  'waits-too': '{{who}} también espera la sala. Uno de vosotros tiene que crearla.',
}
