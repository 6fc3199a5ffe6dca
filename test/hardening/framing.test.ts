import assert from 'node:assert/strict'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import type { OpenStream } from '../helpers/open-stream.js'
import { until } from '../helpers/until.js'

const EVENT = '{"data":"x"}'

/** A publish with such headers and body, as it goes over the wire. */
const post = (headers: string, body = EVENT) =>
  `POST /test HTTP/1.1\r\nHost: hub\r\n${headers}\r\n\r\n${body}`

const LENGTH = `Content-Length: ${EVENT.length}`

/** What an attacker hides, for the hub to take it for a request of its own. */
const HIDDEN = post(LENGTH, '{"data":"!"}')

const CHUNKED = `0\r\n\r\n${HIDDEN}`

forWorkers('a request that others may read differently', (startHub) => {
  let hub: StartedHub
  let stream: OpenStream

  before(async () => {
    hub = await startHub()
  })
  beforeEach(async () => {
    stream = await hub.subscribe('test')
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  /** The statuses of all answers to what is sent before the client ends its side. */
  const send = async (bytes: string): Promise<string[]> => {
    const socket = hub.connect()
    socket.on('error', () => {}) // the hub may have closed it with something unread
    socket.end(bytes, 'latin1')
    let text = ''
    for await (const chunk of socket.setEncoding('latin1')) text += chunk
    return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status = '']) => status)
  }

  /** What everybody saw, and that the hub goes on. */
  const seen = async (): Promise<string[]> => {
    await hub.publish('test', { data: 'end' })
    await stream.until((body) => body.includes('data: end\n\n'))
    return stream.data.slice(0, -1)
  }

  for (const [what, bytes] of [
    ['length and chunks', post(`${LENGTH}\r\nTransfer-Encoding: chunked`, CHUNKED)],
    ['chunks and length', post(`Transfer-Encoding: chunked\r\n${LENGTH}`, CHUNKED)],
    ['an encoding twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x', CHUNKED)],
    ['an encoding after chunks', post('Transfer-Encoding: chunked, identity', CHUNKED)],
    ['a space before the colon', post('Transfer-Encoding : chunked', CHUNKED)],
    ['a space before the colon of its length', post('Content-Length : 0', HIDDEN)],
    ['two lengths', post(`Content-Length: 0\r\n${LENGTH}`)],
    ['the same length twice', post(`${LENGTH}\r\n${LENGTH}`)],
    ['a list of lengths', post(`${LENGTH}, ${EVENT.length}`)],
    ['a length with a sign', post(`Content-Length: +${EVENT.length}`)],
    ['a negative length', post('Content-Length: -1')],
    ['a hexadecimal length', post('Content-Length: 0xc')],
    ['a length beyond all numbers', post(`Content-Length: ${'9'.repeat(30)}`)],
    ['an empty length', post('Content-Length: ')],
    ['bare line feeds', post(LENGTH).replaceAll('\r\n', '\n')],
    ['a bare line feed in its head', post(`X: y\n${LENGTH}`)],
    ['bare carriage returns', post(LENGTH).replaceAll('\r\n', '\r')],
    ['a folded header', post(`X: a\r\n b\r\n${LENGTH}`)],
    ['an encoding in a folded header', post(`${LENGTH}\r\n Transfer-Encoding: chunked`)],
    ['a NUL in a header', post(`X: a\0b\r\n${LENGTH}`)],
    ['a space in the name of a header', post(`X Y: a\r\n${LENGTH}`)],
    ['a header without a colon', post(`X\r\n${LENGTH}`)],
    ['no host', `POST /test HTTP/1.1\r\n${LENGTH}\r\n\r\n${EVENT}`],
    ['two hosts', post(`Host: other\r\n${LENGTH}`)],
    ['a space in its target', post(LENGTH).replace('/test', '/te st')],
    ['a control character in its target', post(LENGTH).replace('/test', '/te\x01st')],
    ['tabs between its parts', post(LENGTH).replace('POST /test ', 'POST\t/test\t')],
    ['a method of 5,000 letters', post(LENGTH).replace('POST', 'P'.repeat(5000))],
    ['no version, as before HTTP/1.0', 'GET /test\r\n\r\n'],
    ['a version to come', post(LENGTH).replace('1.1', '1.2')],
    ['HTTP/0.9', `POST /test HTTP/0.9\r\nHost: x\r\n${LENGTH}\r\n\r\n${EVENT}`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['the beginning of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ] as const) {
    it(`is 400 and the end of its connection: one with ${what}`, async () => {
      assert.deepEqual(new Set(await send(`${bytes}${HIDDEN}`)), new Set(['400']))
      assert.deepEqual(await seen(), [])
    })
  }

  for (const [what, bytes] of [
    ['in HTTP/1.0', post('Transfer-Encoding: chunked', CHUNKED).replace('1.1', '1.0')],
    ['that are whole', post('Transfer-Encoding: chunked', CHUNKED)],
    ['after a tab', post('Transfer-Encoding:\tchunked', CHUNKED)],
    ['after another encoding', post('Transfer-Encoding: identity, chunked', CHUNKED)],
    ['with an extension', post('Transfer-Encoding: chunked', `c;a=b\r\n${EVENT}\r\n${CHUNKED}`)],
    ['of no known encoding', post('Transfer-Encoding: xchunked', CHUNKED)],
    ['with a chunk of no size', post('Transfer-Encoding: chunked', `zz\r\n${EVENT}\r\n${CHUNKED}`)],
    ['with a chunk too large', post('Transfer-Encoding: chunked', `${'f'.repeat(17)}\r\n${EVENT}`)],
    ['with bare line feeds', post('Transfer-Encoding: chunked', `c\n${EVENT}\n0\n\n${HIDDEN}`)],
    [
      'with a length in its trailers',
      post('Transfer-Encoding: chunked', `0\r\n${LENGTH}\r\n\r\n${HIDDEN}`),
    ],
  ] as const) {
    it(`is 411 or 400, whichever comes first, and the end of its connection: chunks ${what}`, async () => {
      const statuses = await send(bytes)
      assert.ok(statuses.length > 0 && statuses.every((status) => /^4(11|00)$/.test(status)))
      assert.deepEqual(await seen(), [])
    })
  }

  for (const [what, bytes, statuses, data] of [
    [
      'a body that GET has',
      `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
      ['200'],
      [],
    ],
    ['more body than its length', post(LENGTH, `${EVENT}GET`), ['200', '400'], ['x']],
    ['much behind it', `${post(LENGTH)}${HIDDEN}x\r\n\r\n`, ['200', '200', '400'], ['x', '!']],
    ['less body than its length', post('Content-Length: 100'), ['400'], []],
    ['a length of 0', post('Content-Length: 0', ''), ['400'], []],
    ['two publishes at once', post(LENGTH) + HIDDEN, ['200', '200'], ['x', '!']],
    ['empty lines before it', `\r\n\r\n${post(LENGTH)}`, ['200'], ['x']],
    ['a whole address', post(LENGTH).replace('/test', 'http://other/test'), ['200'], ['x']],
    ['HTTP/1.0 and no host', `POST /test HTTP/1.0\r\n${LENGTH}\r\n\r\n${EVENT}`, ['200'], ['x']],
    [
      'a wish to be told to go on',
      post(`Expect: 100-continue\r\n${LENGTH}`),
      ['100', '200'],
      ['x'],
    ],
    ['a wish that nobody knows', post(`Expect: x\r\n${LENGTH}`), ['200'], ['x']],
    [
      'a wish for a WebSocket',
      post(`Connection: Upgrade\r\nUpgrade: websocket\r\n${LENGTH}`),
      ['200'],
      ['x'],
    ],
    ['a wish for HTTP/2', post(`Connection: Upgrade\r\nUpgrade: h2c\r\n${LENGTH}`), ['200'], ['x']],
    ['a wish for a tunnel', 'CONNECT test:80 HTTP/1.1\r\nHost: x\r\n\r\n', ['405'], []],
    ['a method in lower case', `${post(LENGTH).replace('POST', 'post')}${HIDDEN}`, ['405'], []],
    ['a method that nobody knows', `${post(LENGTH)}X${HIDDEN}`, ['200', '405'], ['x']],
    ['a wish to see itself', 'TRACE /test HTTP/1.1\r\nHost: x\r\n\r\n', ['405'], []],
    ['no path', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', ['204'], []],
    ['the head of a stream alone wanted', 'HEAD /test HTTP/1.1\r\nHost: x\r\n\r\n', ['405'], []],
  ] as const) {
    it(`has one meaning: one with ${what}`, async () => {
      assert.deepEqual(await send(bytes), statuses)
      assert.deepEqual(await seen(), data)
    })
  }

  it('cannot reach the hub behind that for a stream, nor put an answer into it', async () => {
    const head = 'GET /test HTTP/1.1\r\nHost: x\r\n'
    for (const bytes of [
      `${head}\r\n${HIDDEN}`,
      `${head}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}${HIDDEN}`,
      `${head}Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      `${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n${HIDDEN}`,
      `${head}Expect: 100-continue\r\n\r\n${HIDDEN}`,
      `${head}\r\nnonsense\r\n\r\n`,
    ]) {
      const socket = hub.connect().setEncoding('latin1')
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.write(bytes)
      await until(() => text.includes(':ok\n\n'))
      await hub.publish('test', { data: 'after' })
      await until(() => text.includes('after\n\n'))
      socket.destroy()
      assert.equal(text.split('\r\n\r\n').at(-1), ':ok\n\ndata: after\n\n', bytes)
    }
    assert.equal((await seen()).includes('!'), false)
  })
})
