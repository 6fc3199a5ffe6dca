import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { PlainMessage } from '../../src/server/hub-request.js'
import { atBest } from '../helpers/at-best.js'
import { forWorkers } from '../helpers/for-workers.js'
import { startHub } from '../helpers/hub.js'
import { collectGarbage } from '../helpers/memory.js'
import { until } from '../helpers/until.js'

describe('the connection of a stream', () => {
  it('keeps nothing of the request that it came with, if HTTP read that', async () => {
    const made: WeakRef<object>[] = []
    const watch = (message: unknown) => {
      const { request, response, socket } = message as {
        request: IncomingMessage & { socket: { parser: object } }
        response: ServerResponse
        socket: Socket
      }
      for (const part of [request, response, socket, request.socket.parser]) {
        made.push(new WeakRef(part))
      }
    }
    const hub = await startHub()
    subscribe('http.server.request.start', watch)
    const streams = await Promise.all(
      [1, 2, 3].map(() => hub.subscribe('test?getcache=1', { TE: 'trailers' })),
    )
    unsubscribe('http.server.request.start', watch)
    const parsers = made.filter((_, index) => index % 4 === 3)
    const others = made.filter((_, index) => index % 4 !== 3)
    assert.equal(others.length, 9)
    while (others.some((part) => part.deref())) {
      await nextTurn()
      collectGarbage()
    }
    // Node keeps parsers for the connections to come; they are not in use.
    for (const parser of parsers) {
      assert.equal((parser.deref() as { socket?: unknown } | undefined)?.socket ?? null, null)
    }
    await hub.publish('test', { data: 'x' })
    for (const stream of streams) await stream.count(1)
    await hub.hub.stop()
    for (const stream of streams) await stream.end()
  })

  it('keeps nothing of a request that came in by the front door', async () => {
    const hub = await startHub()
    const streams = await Promise.all([1, 2, 3].map(() => hub.subscribe('test?getcache=1')))
    await until(() => Number(queryObjects(PlainMessage)) === 0)
    for (const stream of streams) stream.close()
    await hub.hub.stop()
  })
})

forWorkers('a stream', (startHub) => {
  it('of a client that has ended its side begins, and ends, by the front door or by HTTP', async () => {
    const hub = await startHub()
    const answer = /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n:ok\n\n$/s
    for (const [index, more] of ['', 'TE: trailers\r\n'].entries()) {
      const request = `GET /new-${index} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
      const early = hub.connect()
      early.end(request)
      assert.match(await text(early), answer)
      const late = hub.connect()
      late.write(request)
      await once(late, 'readable')
      late.end()
      assert.match(await text(late), answer)
    }
    await until(async () => (await hub.stats()).global.clients === 0)
    await hub.hub.stop()
  })

  it('whose client resets at any moment leaves no subscriber behind', async () => {
    const took = await atBest(1000, async () => {
      const hub = await startHub()
      for (let turns = 0; turns < 20; turns += 1) {
        const socket = hub.connect()
        await new Promise((sent) => socket.write('GET /test HTTP/1.1\r\nHost: x\r\n\r\n', sent))
        for (let turn = 0; turn < turns; turn += 1) await nextTurn()
        socket.resetAndDestroy()
      }
      await hub.publish('test', { data: 'x' })
      await until(async () => (await hub.stats()).global.clients === 0)
      const { channel_connects, channel_disconnects } = (await hub.stats()).global
      assert.equal(channel_connects, channel_disconnects)
      const started = performance.now()
      await hub.hub.stop()
      return performance.now() - started
    })
    assert.ok(took < 1000, `${took} ms, though there is no stream to wait for`)
  })
})
