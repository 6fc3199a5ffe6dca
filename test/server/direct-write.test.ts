import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  type AddressInfo,
  connect as connectPlainly,
  createServer as createPlainServer,
} from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { directHandle, type Handle, writeDirectly } from '../../src/server/direct-write.js'
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
    const { _handle: handle } = secure as TLSSocket & { _handle: Handle }
    const outcomes: string[] = []
    for (const text of ['a', 'b']) {
      await new Promise<void>((onWritten) => {
        outcomes.push(writeDirectly(handle, Buffer.from(text), secure, { onWritten }))
      })
    }
    assert.deepEqual(outcomes, ['pending', 'pending'])
    for (let text = ''; text !== 'ab'; ) text += String((await once(client, 'data'))[0])
    client.destroy()
    server.close()
  })

  it('to a socket that is closed, or being so, is refused', async () => {
    const server = createPlainServer((peer) => peer.resume()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = connectPlainly(port, '127.0.0.1')
    await once(socket, 'connect')
    const handle = directHandle(socket) as Handle
    const write = () => writeDirectly(handle, Buffer.from('x'), socket, { onWritten: assert.fail })
    assert.equal(write(), 'written')
    socket.destroy()
    assert.equal(write(), 'refused')
    await once(socket, 'close')
    await nextTurn()
    assert.equal(write(), 'refused')
    assert.equal(directHandle(socket), undefined)
    server.close()
  })
})
