import assert from 'node:assert/strict'
import { once } from 'node:events'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'

const EVENT = '{"data":"x"}'

/** What must not come back in a head. */
const MARK = 'forged-7f3a'

forWorkers('what is oversized', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub()
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  const get = (path: string, headers = '') =>
    hub.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)
  const post = (headers: string, body: string) =>
    hub.raw(`POST /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n${body}`)
  const length = (body: string) => `Content-Length: ${Buffer.byteLength(body)}\r\n`

  for (const [what, send, status] of [
    ['a path', () => get(`/${'x'.repeat(20_000)}`), 431],
    ['a query', () => get(`/test?${'x'.repeat(20_000)}`), 431],
    ['a header', () => get('/stats', `X: ${'y'.repeat(20_000)}\r\n`), 431],
    ['the name of a header', () => get('/stats', `${'X'.repeat(20_000)}: y\r\n`), 431],
    ['a thousand headers', () => get('/stats', 'X: 0123456789\r\n'.repeat(2000)), 431],
    ['a name', () => get(`/${'x'.repeat(129)}`), 400],
    ['a name of four bytes a character', () => get(`/${'%F0%9F%98%80'.repeat(129)}`), 400],
    [
      'an id',
      () =>
        post(
          length(`{"data":"","id":"${'x'.repeat(129)}"}`),
          `{"data":"","id":"${'x'.repeat(129)}"}`,
        ),
      400,
    ],
    [
      'an id that is a number',
      () =>
        post(length(`{"data":"","id":${'9'.repeat(129)}}`), `{"data":"","id":${'9'.repeat(129)}}`),
      400,
    ],
    [
      'a type',
      () =>
        post(
          length(`{"data":"","event":"${'x'.repeat(129)}"}`),
          `{"data":"","event":"${'x'.repeat(129)}"}`,
        ),
      400,
    ],
    ['the length of a body', () => post('Content-Length: 8192001\r\n', ''), 413],
  ] as const) {
    it(`is refused and makes no channel: ${what}`, async () => {
      const before = (await hub.stats()).global.channels
      assert.match(await send(), new RegExp(`^HTTP/1.1 ${status} `))
      assert.equal((await hub.stats()).global.channels, before)
    })
  }

  it('is taken as an id that is not known: a Last-Event-ID of 12,000 characters', async () => {
    const stream = await hub.subscribe('test', { 'Last-Event-ID': 'x'.repeat(12_000) })
    const [gap] = await stream.count(1)
    assert.equal(JSON.parse(gap?.data ?? '').reason, 'unknown-id')
  })

  it('is taken as what it is: a thousand filters', async () => {
    const filters = Array.from({ length: 1000 }, (_, id) => `filterid=${id}`).join('&')
    const stream = await hub.subscribe(`filtered?${filters}`)
    for (const id of [1000, 999]) await hub.publish('filtered', { id, data: '' })
    await stream.count(1)
    assert.deepEqual(stream.ids, ['999'])
  })
})

forWorkers('no head of an answer holds what a request said', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub({
      server: { allowUndefinedChannels: false },
      default: { allowedOrigins: ['https://page.example'] },
      channels: [{ path: 'open', allowedOrigins: '*' }, { path: 'test' }],
    })
  })
  after(() => hub.hub.stop())

  for (const [what, request] of [
    ['an origin that is not allowed', `GET /test HTTP/1.1\r\nOrigin: https://${MARK}`],
    ['an origin where all are', `OPTIONS /open HTTP/1.1\r\nOrigin: https://${MARK}`],
    [
      'an origin that begins as one',
      `OPTIONS /test HTTP/1.1\r\nOrigin: https://page.example.${MARK}`,
    ],
    [
      'an origin with more behind it',
      `OPTIONS /test HTTP/1.1\r\nOrigin: https://page.example, ${MARK}`,
    ],
    [
      'headers that are asked for',
      `OPTIONS /test HTTP/1.1\r\nAccess-Control-Request-Headers: ${MARK}`,
    ],
    [
      'a method that is asked for',
      `OPTIONS /test HTTP/1.1\r\nAccess-Control-Request-Method: ${MARK}`,
    ],
    [
      'a last id',
      `GET /test?lastEventId=${MARK}%0d%0aX:%20${MARK} HTTP/1.1\r\nLast-Event-ID: ${MARK}`,
    ],
    ['a path with line ends', `GET /${MARK}%0d%0aX:%20${MARK} HTTP/1.1`],
    ['a channel that there is not', `GET /${MARK} HTTP/1.1`],
    ['a host', `GET /test HTTP/1.1\r\nX-Forwarded-Host: ${MARK}`],
    ['an encoding', `POST /test HTTP/1.1\r\nContent-Encoding: ${MARK}\r\nContent-Length: 12`],
    ['a type', `POST /test HTTP/1.1\r\nContent-Type: ${MARK}/x\r\nContent-Length: 12`],
    ['a method', `${MARK} /test HTTP/1.1`],
    ['a scope', `GET /stats?scope=${MARK}%0d%0a HTTP/1.1`],
  ] as const) {
    it(what, async () => {
      const socket = hub.connect()
      socket.on('error', () => {})
      socket.write(`${request}\r\nHost: x\r\n\r\n${request.startsWith('POST') ? EVENT : ''}`)
      let answer = ''
      while (!answer.includes('\r\n\r\n')) answer += String((await once(socket, 'data'))[0])
      socket.destroy()
      const [head = ''] = answer.split('\r\n\r\n', 1)
      assert.match(head, /^HTTP\/1\.1 [24]\d\d /)
      assert.equal(head.includes(MARK), false, head)
    })
  }
})
