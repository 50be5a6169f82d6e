import { createSocket } from 'node:dgram'

// A program that shares the port of multicast DNS over IPv4 with nobody.
createSocket('udp4').bind(5353, () => process.stdout.write('started\n'))
