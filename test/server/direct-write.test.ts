import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, Socket } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { writeDirectly } from '../../src/server/direct-write.js'
import { makeCertificate } from '../helpers/certificate.js'

describe('a direct write', () => {
  it('that is told of later is pending, although nothing of it is queued', async () => {
    const { cert, key } = await makeCertificate()
    const pair = { cert: readFileSync(cert), key: readFileSync(key) }
    const server = createServer(pair).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const [secure] = (await once(server, 'secureConnection')) as [TLSSocket]
    // Of the network's handles one does so now and then, when room comes up in the midst of it.
    const socket = Object.assign(Object.create(Socket.prototype), {
      _handle: (secure as TLSSocket & { _handle: object })._handle,
    }) as Socket
    const outcomes: string[] = []
    for (const text of ['a', 'b']) {
      await new Promise<void>((onWritten) => {
        outcomes.push(writeDirectly(socket, Buffer.from(text), { onWritten }))
      })
    }
    assert.deepEqual(outcomes, ['pending', 'pending'])
    for (let text = ''; text !== 'ab'; ) text += String((await once(client, 'data'))[0])
    client.destroy()
    server.close()
  })
})
