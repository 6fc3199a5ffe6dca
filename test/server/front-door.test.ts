import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type RunningHub, startHub } from '../helpers/hub.js'

/** How many requests HTTP reads while something is done. */
async function requestsDuring(action: () => Promise<unknown>): Promise<number> {
  let count = 0
  const watch = () => {
    count += 1
  }
  subscribe('http.server.request.start', watch)
  await action()
  unsubscribe('http.server.request.start', watch)
  return count
}

describe('the front door', () => {
  let hub: RunningHub

  before(async () => {
    hub = await startHub({ server: { allowUndefinedChannels: false }, channels: [{ path: 'a' }] })
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  it('lets plain requests for streams in past HTTP, and sends all others there', async () => {
    assert.equal(await requestsDuring(() => hub.subscribe('a')), 0)
    assert.equal(await requestsDuring(() => hub.subscribe('a', { TE: 'trailers' })), 1)
    assert.equal(await requestsDuring(() => hub.publish('a', { data: 'x' })), 1)
    assert.equal(await requestsDuring(() => hub.stats()), 1)
  })

  it('gives the same answer either way', async () => {
    for (const target of ['a', 'b', '%ff', 'a?getcache=1']) {
      const answers: string[] = []
      for (const header of ['', 'TE: trailers\r\n']) {
        const socket = hub.connect()
        socket.write(`GET /${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\n`)
        let text = ''
        while (!/:ok\n\n|\}$/.test(text)) text += String((await once(socket, 'data'))[0])
        if (text.includes('HTTP/1.1 200')) socket.end()
        await once(socket.resume(), 'close')
        answers.push(text.replace(/Date: .*/i, ''))
      }
      assert.equal(answers[0], answers[1])
    }
  })

  it('waits for the rest of a request', async () => {
    const socket = hub.connect()
    for (const part of ['GET /a HT', 'TP/1.1\r\nHo', 'st: x\r\n', '\r\n']) {
      await new Promise((sent) => socket.write(part, sent))
      await hub.stats()
    }
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 200 OK/)
    socket.destroy()
  })

  it('forgets a connection that ends or resets without a word', async () => {
    const before = (await hub.stats()).global.connections
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = hub.connect()
      await once(socket, 'connect')
      await hub.stats()
      socket[leave]()
      await once(socket.resume(), 'close')
    }
    while ((await hub.stats()).global.connections > before) await nextTurn()
  })

  it('closes connections without a word when the hub stops', async () => {
    const other = await startHub()
    const socket = other.connect()
    await once(socket, 'connect')
    await other.stats()
    const started = performance.now()
    await Promise.all([other.hub.stop(), once(socket.resume(), 'close')])
    assert.ok(performance.now() - started < 1000, 'it is not waited for')
  })
})
