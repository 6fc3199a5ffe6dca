import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { FaultProxy } from './fault-proxy.js'

describe('a proxy with faults', () => {
  let echo: Server
  let proxy: FaultProxy
  const clients: Socket[] = []

  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
    await once(echo.listen(0, '127.0.0.1'), 'listening')
    proxy = await FaultProxy.start(`redis://user@127.0.0.1:${(echo.address() as AddressInfo).port}`)
  })

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy()
    await proxy.stop()
    echo.close()
  })

  /** A client that has been answered, so that its connection is made. */
  async function client(greeting = 'hello'): Promise<Socket> {
    const socket = connect(proxy.port, '127.0.0.1').setEncoding('utf8')
    clients.push(socket)
    assert.equal(await ask(socket, greeting), greeting)
    return socket
  }

  async function ask(socket: Socket, text: string): Promise<string> {
    const answer = once(socket, 'data')
    socket.write(text)
    return (await answer)[0]
  }

  /** Resolves when a connection is no more, be it reset or ended. */
  async function gone(socket: Socket): Promise<void> {
    socket.on('error', () => {})
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  }

  it('passes bytes on, and the end of either side', async () => {
    const socket = await client()
    assert.equal(proxy.url, `redis://user@127.0.0.1:${proxy.port}`)
    assert.equal(proxy.connections, 1)
    socket.end()
    await once(socket, 'end')
    await proxy.until(({ connections }) => connections === 0)
  })

  it('resets connections when it is told to', async () => {
    const [one, other] = [await client('one'), await client('other')]
    proxy.cut(/other/)
    await gone(other)
    assert.equal(await ask(one, 'still here'), 'still here')
    assert.equal(proxy.accepted, 2)
  })

  it('holds what comes while it is stalled, and loses nothing', async () => {
    const socket = await client()
    proxy.stall()
    let isAnswered = false
    const answer = ask(socket, 'held').then((text) => {
      isAnswered = true
      return text
    })
    const later = connect(proxy.port, '127.0.0.1').setEncoding('utf8')
    clients.push(later)
    const ofLater = ask(later, 'held too')
    await proxy.until(({ links }) => links.some(({ sent }) => sent === 'held too'))
    assert.equal(isAnswered, false)
    proxy.resume()
    assert.deepEqual(await Promise.all([answer, ofLater]), ['held', 'held too'])
  })

  it('holds only the connections that are meant, and only replies if so told', async () => {
    const [commands, events] = [await client(), await client()]
    proxy.stallDownstream(/subscribe/i)
    const seen = new Promise((resolve) => {
      echo.once('connection', (socket) => socket.once('data', resolve))
    })
    const later = connect(proxy.port, '127.0.0.1').setEncoding('utf8')
    clients.push(later)
    const answer = ask(later, 'SUBSCRIBE x')
    assert.equal(String(await seen), 'SUBSCRIBE x', 'it goes up')
    assert.equal(await ask(commands, 'PING'), 'PING')
    assert.equal(await ask(events, 'PING'), 'PING')
    proxy.resume()
    assert.equal(await answer, 'SUBSCRIBE x')
  })

  it('tears a reply in the middle', async () => {
    const socket = await client()
    const cut = proxy.cutAfter(4)
    assert.equal(await ask(socket, 'abcdefgh'), 'abcd')
    await cut
    await gone(socket)
    await client()
  })

  it('refuses, and admits again on the same port', async () => {
    const socket = await client()
    const closed = gone(socket)
    await proxy.refuse()
    await closed
    await assert.rejects(client(), { code: 'ECONNREFUSED' })
    await proxy.admit()
    await client()
  })

  it('holds bytes for a while, each way', async () => {
    const socket = await client()
    proxy.latency(30)
    const start = performance.now()
    await ask(socket, 'slow')
    assert.ok(performance.now() - start > 58)
  })
})
