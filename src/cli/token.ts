import { tokenRoles } from '../api/procedures.ts'
import { instantText } from '../api/texts.ts'
import type { TokenView } from '../api/views.ts'
import { profileOption, withPeer } from './client.ts'
import { type Command, operand, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { tell } from './output.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

const rolesText =
  'read: looks and listens, metrics too. bid: also opens accounts, moves their money and bids. host: also starts auctions, keeps the\n' +
  'catalogue, deposits and withdraws, and runs the room. Only the token of the profile folder makes tokens and takes them back.'

const create: Command = {
  name: 'token create',
  summary: 'make a token for a program that may do less than you; it is told once, and kept as a hash only',
  operands: [],
  options: [
    { name: 'role', value: 'ROLE', text: `what it is good for: ${tokenRoles.join(', ')}` },
    { name: 'label', value: 'TEXT', text: 'what it is for, to know it again in the list' },
    profileOption,
  ],
  examples: ['gavelring token create --role read --label prometheus', 'gavelring token create --role bid > bidder-token'],
  details: `${rolesText}\nIt stays through restarts, until it is revoked.`,
  async run(call) {
    const asked = textFlag(call, 'role')
    const role = tokenRoles.find((one) => one === asked)
    if (role === undefined) throw usageError(`--role: one of ${tokenRoles.join(', ')} is expected.`)
    const label = textFlag(call, 'label')
    const made = await withPeer(call, (api) => api.tokens.create({ role, ...(label !== undefined && { label }) }))
    tell(call, made, [made.token])
    return 0
  },
}

const columns: readonly Column<TokenView>[] = [
  { name: 'token', head: 'Token', cell: ({ id }) => id, whole: true },
  { name: 'role', head: 'Role', cell: ({ role }) => role },
  { name: 'label', head: 'For', cell: ({ label }) => label ?? '' },
  { name: 'created', head: 'Made', cell: ({ created }) => instantText(created) },
]

const list: Command = {
  name: 'token list',
  summary: 'the tokens that were made here, without their text',
  operands: [],
  options: [columnsOption, profileOption],
  examples: ['gavelring token list'],
  async run(call) {
    const tokens = await withPeer(call, (api) => api.tokens.list())
    tellTable(call, tokens, columns, tokens, 'There are no tokens but that of the profile folder.')
    return 0
  },
}

const revoke: Command = {
  name: 'token revoke',
  summary: 'take a token back; whoever came in with it is hung up on',
  operands: ['TOKEN'],
  options: [profileOption],
  examples: ['gavelring token revoke 3f9a01c7'],
  details: 'TOKEN: its id, as `gavelring token list` says; the 8 digits in the middle of its text.',
  async run(call) {
    const id = operand(call, 0)
    if (!/^[0-9a-f]{8}$/.test(id)) throw usageError('TOKEN: an id of 8 hex digits is expected (see `gavelring token list`).')
    const revoked = await withPeer(call, (api) => api.tokens.revoke({ id }))
    tell(call, revoked, [`Token ${id} opens nothing any more.`])
    return 0
  },
}

export const tokenCommands: readonly Command[] = [create, list, revoke]
