import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import { atBest } from '../helpers/at-best.js'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type StartedHub, startHub } from '../helpers/hub.js'
import { interceptWrites } from '../helpers/leveldb-writes.js'
import { until } from '../helpers/until.js'

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

/** An answer, with its headers in one order and case, and without its date. */
function sorted(answer: string): string {
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const [status, ...headers] = head.split('\r\n')
  const names = headers.map((line) => line.toLowerCase()).filter((line) => !/^date:/.test(line))
  return [status, ...names.sort(), ...rest].join('\r\n')
}

describe('the front door', () => {
  it('keeps plain streams and publishes from HTTP, and sends all others there', async () => {
    const hub = await startHub()
    assert.equal(await requestsDuring(() => hub.subscribe('a')), 0)
    assert.equal(await requestsDuring(() => hub.subscribe('a', { TE: 'trailers' })), 1)
    assert.equal(await requestsDuring(() => hub.publish('a', { data: 'x' })), 0)
    assert.equal(await requestsDuring(() => hub.publish('a?b', { data: 'x' })), 1)
    assert.equal(await requestsDuring(() => hub.stats()), 1)
    hub.closeStreams()
    await hub.hub.stop()
  })
})

forWorkers('the front door', (startHub) => {
  it('answers all that a publisher has sent before it ended its side', async () => {
    const { folder, clean } = await makeFolder()
    const hub = await startHub({
      leveldb: { storageDir: folder },
      default: { cacheAdapter: 'leveldb' },
    })
    const held: (() => void)[] = []
    const letPass = interceptWrites(async (write) => {
      await new Promise<void>((go) => held.push(go))
      await write()
    })
    const socket = hub.connect()
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    const post = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"x"}'
    socket.write(post)
    await until(() => held.length > 0)
    await new Promise((sent) => socket.write(post, sent))
    await hub.stats()
    socket.end()
    for (let count = 0; count < 3; count += 1) await hub.stats()
    letPass()
    for (const go of held) go()
    await once(socket, 'close')
    assert.equal(text.match(/HTTP\/1.1 200 OK/g)?.length, 2)
    await hub.hub.stop()
    await clean()
  })
})

forWorkers('the front door', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub({ server: { allowUndefinedChannels: false }, channels: [{ path: 'a' }] })
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

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
        answers.push(sorted(text))
      }
      assert.equal(answers[0], answers[1])
    }
  })

  it('answers a publisher the same either way', async () => {
    for (const [path, body] of [
      ['a', '{"data":"x","id":"1"}'],
      ['a', '{"data":'],
      ['b', '{"data":"x"}'],
      ['%ff', '{"data":"x"}'],
      ['st%61ts', '{"data":"x"}'],
      ['#a', '{"data":"x"}'],
      ['a', `{"data":"x","id":"${'1'.repeat(2000)}"}`],
    ]) {
      const answers: string[] = []
      for (const header of ['', 'TE: trailers\r\n']) {
        for (const last of ['keep-alive', 'close']) {
          const socket = hub.connect()
          const head = `Host: x\r\nConnection: ${last}\r\nContent-Length: ${body?.length}\r\n${header}`
          socket.write(`POST /${path} HTTP/1.1\r\n${head}\r\n${body}`)
          let text = ''
          while (!text.endsWith('}')) text += String((await once(socket, 'data'))[0])
          socket.end()
          answers.push(sorted(text).replace(/"sequence":\d+/, ''))
        }
      }
      assert.deepEqual(answers.slice(0, 2), answers.slice(2))
    }
  })

  it('answers what comes on a connection in order, also if HTTP has to', async () => {
    const socket = hub.connect()
    const post = (id: string, header = '') =>
      `POST /a HTTP/1.1\r\nHost: x\r\n${header}Content-Length: ${id.length + 20}\r\n\r\n{"data":"x","id":"${id}"}`
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    const send = (part: string) => new Promise((sent) => socket.write(part, sent))
    for (const part of [post('1'), post('2'), post('3').slice(0, 30), post('3').slice(30)]) {
      await send(part)
      await hub.stats()
    }
    await send(post('4') + post('5', 'TE: trailers\r\n') + post('6'))
    await send(post('7') + post('8', 'Connection: close\r\n'))
    await once(socket, 'close')
    const ids = [...text.matchAll(/"id":"(\d)"/g)].map(([, id]) => id)
    assert.deepEqual(ids, ['1', '2', '3', '4', '5', '6', '7', '8'])
  })

  it('answers a publisher that has ended its side', async () => {
    const socket = hub.connect()
    socket.end('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"x"}')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 200 OK/)
    await once(socket, 'close')
  })

  it('ends connections that publishers keep when the hub stops', async () => {
    const took = await atBest(1000, async () => {
      const other = await startHub()
      const socket = other.connect()
      socket.write('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"x"}')
      await once(socket, 'data')
      const started = performance.now()
      await Promise.all([other.hub.stop(), once(socket.resume(), 'close')])
      return performance.now() - started
    })
    assert.ok(took < 1000, `${took} ms, though it is not to be waited for`)
  })

  it('lets go of whom it has refused, whether they end their side or not', async () => {
    const before = (await hub.stats()).global.connections
    const heads = [
      'GET /b HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
      'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n{}',
      '\u0001\r\n\r\n',
    ]
    const sockets = heads.map((head) => {
      const socket = connect({ port: hub.port, host: '127.0.0.1', allowHalfOpen: true })
      socket.write(head)
      return socket.resume()
    })
    await Promise.all(sockets.map((socket) => once(socket, 'end')))
    await until(async () => (await hub.stats()).global.connections <= before)
    for (const socket of sockets) socket.destroy()
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
    await until(async () => (await hub.stats()).global.connections <= before)
  })

  it('closes connections without a word when the hub stops', async () => {
    const took = await atBest(1000, async () => {
      const other = await startHub()
      const socket = other.connect()
      await once(socket, 'connect')
      await other.stats()
      const started = performance.now()
      await Promise.all([other.hub.stop(), once(socket.resume(), 'close')])
      return performance.now() - started
    })
    assert.ok(took < 1000, `${took} ms, though it is not to be waited for`)
  })
})
