import type { Logger } from '../../src/peer/ports.ts'

export const silentLogger: Logger = { error() {}, warn() {}, info() {}, debug() {} }
