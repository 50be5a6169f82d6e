import type { Texts } from '../texts.ts'

export const waiting: Texts['waiting'] = {
  nobody: 'Ainda não se ouviu ninguém. Há um par da sala ativo nesta mesma rede, com o mesmo nome de sala e o mesmo código?',
  'another-code':
    'A sala {{name}} de {{founder}} está aqui, mas tem outro código. Entre com o código dela, ou crie a sua própria sala.',
  'another-code_none-there': 'A sala {{name}} de {{founder}} está aqui, mas não tem código. Entre sem código.',
  'another-code_none-here': 'A sala {{name}} de {{founder}} está aqui, mas tem um código. Entre com o código dela.',
  stranger: 'Alguém responde em {{address}}, mas tem outro código ou outro nome de sala. Confira os dois.',
  'another-version':
    '{{who}} fala a versão {{theirs, number}} do protocolo, este par a versão {{ours, number}}. Use a mesma versão do Gavelring em todos os laptops.',
  'another-version_newer':
    '{{who}} fala a versão {{theirs, number}} do protocolo, este par a versão {{ours, number}}. Use aqui um Gavelring mais novo.',
  'another-version_older':
    '{{who}} fala a versão {{theirs, number}} do protocolo, este par a versão {{ours, number}}. Falta lá um Gavelring mais novo.',
  'another-room': 'A sala com este nome que {{founder}} fundou é outra (id {{room}}).',
  'another-name': 'A sala {{name}} de {{founder}} está aqui. É essa que você procura?',
  refused: 'O que {{who}} oferece como sala é recusado: não é de confiança. Entre por outra pessoa que esteja nela.',
  unreachable: 'Ouve-se {{who}} em {{address}}, mas não há conexão: um firewall, ou uma rede que separa os seus convidados.',
  unreachable_nowhere: 'Ouve-se {{who}}, mas não há conexão: um firewall, ou uma rede que separa os seus convidados.',
  'no-answer': 'Ninguém responde em {{address}}. Há um par ativo lá, e o endereço está certo?',
  'waits-too': '{{who}} também espera pela sala. Um de vocês tem de criá-la.',
}
