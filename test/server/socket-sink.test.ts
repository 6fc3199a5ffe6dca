import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { PendingBytes } from '../../src/limits/pending-bytes.js'
import { SocketSink } from '../../src/server/socket-sink.js'

/** More than the network takes from one who does not read. */
const MUCH = Buffer.alloc(20_000_000, 'x')

/** A socket that is not plain, as that of TLS. */
class OtherSocket extends Socket {}

describe('a socket as a sink', () => {
  let server: Server

  before(async () => {
    server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => server.close())

  const open = async (socket = new Socket()): Promise<{ socket: Socket; client: Socket }> => {
    const { port } = server.address() as AddressInfo
    const [[client]] = await Promise.all([
      once(server, 'connection'),
      once(socket.connect(port, '127.0.0.1'), 'connect'),
    ])
    return { socket, client }
  }

  for (const [what, make] of [
    ['plain', () => new Socket()],
    ['other', () => new OtherSocket()],
  ] as const) {
    it(`of a ${what} socket writes all in order, while the network takes it and while not`, async () => {
      const { socket, client } = await open(make())
      const sink = new SocketSink(socket)
      sink.write(Buffer.from('first '))
      assert.equal(sink.isPending, false)
      sink.write(MUCH)
      assert.equal(sink.isPending, true)
      sink.write(Buffer.from(' third'))
      const drained = new Promise<void>((resolve) => sink.onDrain(resolve))
      assert.equal(sink.isPending, true)
      client.setEncoding('utf8')
      let text = ''
      client.on('data', (chunk: string) => {
        text += chunk
      })
      client.resume()
      await drained
      assert.equal(sink.isPending, false)
      sink.write(Buffer.from(' fourth'))
      sink.end(Buffer.from(' last'))
      if (!client.readableEnded) await once(client, 'end')
      assert.equal(text, `first ${MUCH} third fourth last`)
      client.destroy()
    })
  }

  it('tells what the network has not taken, and is closed if that is too much for all', async () => {
    const pending = new PendingBytes(1.5 * MUCH.length)
    const one = await open()
    const other = await open()
    const third = await open()
    const sinks = [one, other, third].map(
      ({ socket }) => new SocketSink(socket, undefined, pending),
    )
    for (const sink of sinks.slice(0, 2)) sink.write(MUCH)
    assert.equal(pending.bytes, MUCH.length)
    const drained = new Promise<void>((resolve) => sinks[1]?.onDrain(resolve))
    other.client.resume()
    await drained
    assert.equal(pending.bytes, MUCH.length)
    sinks[2]?.write(Buffer.from(MUCH))
    await once(one.socket, 'close')
    assert.equal(pending.bytes, MUCH.length)
    assert.equal(third.socket.destroyed, false)
    sinks[2]?.onClose()
    assert.equal(pending.bytes, 0)
    for (const { socket, client } of [one, other, third]) {
      socket.destroy()
      client.destroy()
    }
  })

  it('ends what it still has to write before the stream', async () => {
    const { socket, client } = await open()
    const sink = new SocketSink(socket)
    sink.write(MUCH)
    sink.end(Buffer.from('last'))
    let length = 0
    for await (const chunk of client) length += chunk.length
    assert.equal(length, MUCH.length + 4)
  })

  it('closes with an error when the connection breaks in the middle of a write', async () => {
    const { socket, client } = await open()
    const sink = new SocketSink(socket)
    sink.write(MUCH)
    socket.pause() // so that it is the write that finds out
    const failed = once(socket, 'error')
    client.resetAndDestroy()
    await failed
    await once(socket, 'close')
  })

  it('is closed though its client has ended its side, and takes nothing', async () => {
    const { socket, client } = await open()
    const sink = new SocketSink(socket)
    sink.begin()
    sink.write(MUCH)
    client.end()
    await once(socket, 'end')
    assert.equal(sink.isPending, true)
    sink.destroy()
    await once(socket, 'close')
    client.destroy()
  })

  it('can be destroyed and written to in any order', async () => {
    const { socket, client } = await open()
    const sink = new SocketSink(socket)
    socket.on('error', () => {})
    sink.write(MUCH)
    sink.destroy()
    sink.write(Buffer.from('x'))
    assert.equal(sink.isPending, true)
    await once(socket, 'close')
    client.destroy()
  })
})
