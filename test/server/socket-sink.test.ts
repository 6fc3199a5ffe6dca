import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { PendingBytes } from '../../src/limits/pending-bytes.js'
import { SocketSink } from '../../src/server/socket-sink.js'
import { unreadBytes } from '../helpers/unread-bytes.js'

/** A socket that is not plain, as that of TLS. */
class OtherSocket extends Socket {}

describe('a socket as a sink', () => {
  let server: Server
  /** More than the network takes from one who does not read. */
  let much: Buffer

  before(async () => {
    much = Buffer.alloc(15_000_000 + 2 * (await unreadBytes()), 'x')
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
      sink.write(much)
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
      assert.equal(text, `first ${much} third fourth last`)
      client.destroy()
    })
  }

  it('tells what the network has not taken, and is closed if that is too much for all', async () => {
    const pending = new PendingBytes(1.5 * much.length)
    const one = await open()
    const other = await open()
    const third = await open()
    const sinks = [one, other, third].map(
      ({ socket }) => new SocketSink(socket, undefined, pending),
    )
    for (const sink of sinks.slice(0, 2)) sink.write(much)
    assert.equal(pending.bytes, much.length)
    const drained = new Promise<void>((resolve) => sinks[1]?.onDrain(resolve))
    other.client.resume()
    await drained
    assert.equal(pending.bytes, much.length)
    sinks[2]?.write(Buffer.from(much))
    await once(one.socket, 'close')
    assert.equal(pending.bytes, much.length)
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
    sink.write(much)
    sink.end(Buffer.from('last'))
    let length = 0
    for await (const chunk of client) length += chunk.length
    assert.equal(length, much.length + 4)
  })

  it('closes with an error when the connection breaks in the middle of a write', async () => {
    const { socket, client } = await open()
    const sink = new SocketSink(socket)
    sink.write(much)
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
    sink.write(much)
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
    sink.write(much)
    sink.destroy()
    sink.write(Buffer.from('x'))
    assert.equal(sink.isPending, true)
    await once(socket, 'close')
    client.destroy()
  })
})
