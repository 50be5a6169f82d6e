import { connect } from 'node:net'

// A thin client of the gateway at the address in the arguments: logs in, and then says nothing.
const [host = '', port = ''] = process.argv.slice(2)
const socket = connect({ host, port: Number(port) }, () => socket.write('t:1|op:6|rg:ana\n'))
socket.on('data', (text) => process.stdout.write(String(text)))
