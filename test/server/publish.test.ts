import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { gzipSync } from 'node:zlib'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'

forWorkers('POST /PATH', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub()
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  it('answers with what the event became', async () => {
    const answer = await hub.publish('answers', { id: 'a', data: 'x' })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
    assert.deepEqual(await answer.json(), {
      channel: 'answers',
      id: 'a',
      sequence: 1,
      subscribers: 0,
    })
    assert.equal((await answerOf(await hub.publish('answers', { data: 'x' }))).id, null)
  })

  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain; charset=latin1',
    'application/json',
    'multipart/form-data; boundary=x',
    'nonsense',
    ';;',
    '',
  ]) {
    it(`takes JSON whatever the Content-Type: ${JSON.stringify(type)}`, async () => {
      const body = '{"data":"x"}'
      const answer = await hub.raw(
        `POST /types HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      assert.match(answer, /^HTTP\/1.1 200 /)
    })
  }

  it('takes JSON without a Content-Type', async () => {
    const answer = await hub.raw(
      'POST /types HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n{"data":"x"}',
    )
    assert.match(answer, /^HTTP\/1.1 200 /)
  })

  it('sends what path says nowhere else than to the channel of the address', async () => {
    const answer = await hub.publish('here', { path: 'elsewhere', data: 'x' })
    assert.equal((await answerOf(answer)).channel, 'here')
    assert.equal((await fetch(`${hub.url}/-/history/elsewhere`)).status, 404)
  })

  it('wants a length', async () => {
    for (const rest of ['\r\n', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n']) {
      const answer = await hub.raw(
        `POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${rest}`,
      )
      assert.match(answer, /^HTTP\/1.1 411 Length Required[\s\S]*Content-Length/)
    }
  })

  it('takes 8,192,000 bytes and no more', async () => {
    const body = (bytes: number) => `{"data":"${'x'.repeat(bytes - 11)}"}`
    assert.equal((await hub.publish('large', body(8_192_000))).status, 200)
    const refused = await hub.publish('large', body(8_192_001))
    assert.equal(refused.status, 413)
    assert.equal((await hub.stats()).global.oversized_http_req, 1)
  })

  it('lets who sends too much have its answer, and send on for a while', async () => {
    const socket = connect({ port: hub.port, host: '127.0.0.1', allowHalfOpen: true })
    const head = 'Host: x\r\nContent-Length: 9000000\r\n'
    socket.write(`POST /large HTTP/1.1\r\n${head}\r\n${'x'.repeat(1_000_000)}`)
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 413 /)
    await once(socket, 'end')
    for (let count = 0; count < 8; count += 1) {
      await new Promise((sent) => socket.write('x'.repeat(1_000_000), sent))
    }
    socket.end()
    await once(socket, 'close') // an error would reject
  })

  it('refuses what is not an event, saying why, and changes nothing', async () => {
    const before = (await hub.stats()).global
    for (const body of ['', 'x', '{}', '[]', '{"data":null}', '{"data":"x","id":"a\\nb"}']) {
      const answer = await hub.publish('refused', body)
      assert.equal(answer.status, 400)
      const { statusCode, error, message } = await answerOf(answer)
      assert.deepEqual([statusCode, error], [400, 'Bad Request'])
      assert.notEqual(message, '')
    }
    const after = (await hub.stats()).global
    assert.equal(after.invalid_http_req, before.invalid_http_req + 6)
    assert.equal(after.channels, before.channels)
    assert.equal(after.broadcasted_events, before.broadcasted_events)
  })

  it('refuses a body that is compressed, saying so', async () => {
    const answer = await hub.publish('gzip', '', {
      body: gzipSync('{"data":"x"}'),
      headers: { 'Content-Encoding': 'gzip' },
    })
    assert.equal(answer.status, 415)
    assert.match((await answerOf(answer)).message, /gzip is not supported/)
  })

  it('takes what is said not to be compressed, however it is said', async () => {
    for (const coding of ['identity', 'Identity', '']) {
      const headers = { 'Content-Encoding': coding }
      assert.equal((await hub.publish('plain', { data: 'x' }, { headers })).status, 200)
    }
  })

  it('waits for a client that wants to be told to go on', async () => {
    const body = '{"data":"x"}'
    const answer = await hub.raw(
      `POST /expect HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    assert.match(answer, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/)
  })

  it('gives an event without an id one where assignIds says so', async () => {
    const assigning = await startHub({ channels: [{ path: 'a', assignIds: true }] })
    const stream = await assigning.subscribe('a')
    const { id } = await answerOf(await assigning.publish('a', { data: 'x' }))
    assert.match(id ?? '', /^[a-z0-9]{8}-1$/)
    await stream.count(1)
    assert.deepEqual(stream.ids, [id])
    assigning.closeStreams()
    await assigning.hub.stop()
  })

  it('is 405 where POST is switched off', async () => {
    const closed = await startHub({ server: { enablePost: false } })
    const answer = await closed.publish('test', { data: 'x' })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.get('allow'), 'GET, OPTIONS')
    const put = await fetch(`${closed.url}/test`, { method: 'PUT', body: 'x' })
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, OPTIONS'])
    const preflight = await fetch(`${closed.url}/test`, { method: 'OPTIONS' })
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, OPTIONS')
    await closed.hub.stop()
  })
})

forWorkers('other methods', (startHub) => {
  it('are 405 and say which there are', async () => {
    const hub = await startHub()
    for (const [method, path, allow] of [
      ['PUT', '/test', 'GET, POST, OPTIONS'],
      ['DELETE', '/test', 'GET, POST, OPTIONS'],
      ['HEAD', '/test', 'GET, POST, OPTIONS'],
      ['PATCH', '/some/channel?x=1', 'GET, POST, OPTIONS'],
      ['POST', '/stats', 'GET, HEAD, OPTIONS'],
      ['POST', '/', 'GET, HEAD, OPTIONS'],
      ['PUT', '/stats', 'GET, HEAD, OPTIONS'],
    ]) {
      const answer = await fetch(`${hub.url}${path}`, { method: method as string })
      assert.deepEqual(
        [answer.status, answer.headers.get('allow')],
        [405, allow],
        `${method} ${path}`,
      )
    }
    for (const [line, allow] of [
      ['get /test', 'GET, POST, OPTIONS'],
      ['POSTS /test', 'GET, POST, OPTIONS'],
      ['BREW http://x/test', 'GET, POST, OPTIONS'],
      ['BREW /stats', 'GET, HEAD, OPTIONS'],
      ['BREW http://x', 'GET, HEAD, OPTIONS'],
    ]) {
      const answer = await hub.raw(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`)
      assert.match(
        answer,
        new RegExp(`^HTTP/1.1 405 [^]*\r\nAllow: ${allow}\r\n[^]*"statusCode":405,`),
      )
    }
    const publish = 'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"data":1}'
    const tunnel = await hub.raw(`${publish}CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n`)
    assert.match(
      tunnel,
      /^HTTP\/1.1 200 [\s\S]*HTTP\/1.1 405 [\s\S]*\r\nAllow: GET, POST, OPTIONS\r\n/,
    )
    await hub.hub.stop()
  })
})

forWorkers('what a request is about', (startHub) => {
  it('is no channel where its target does not begin with a slash', async () => {
    const hub = await startHub()
    for (const target of ['ftp://x/a', '*a', '*stats', '*']) {
      const head = `POST ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`
      const answer = await hub.raw(`${head}Content-Length: 10\r\n\r\n{"data":1}`)
      assert.match(answer, /^HTTP\/1.1 400 /, target)
    }
    assert.deepEqual((await hub.stats()).channels, [])
    const options = await hub.raw('OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    assert.match(options, /^HTTP\/1.1 204 /)
    await hub.hub.stop()
  })

  it('is not changed by what it expects that nobody knows', async () => {
    const hub = await startHub()
    const head = 'POST /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: luck\r\n'
    const answer = await hub.raw(`${head}Content-Length: 10\r\n\r\n{"data":1}`)
    assert.match(answer, /^HTTP\/1.1 200 [\s\S]*"sequence":1/)
    await hub.hub.stop()
  })
})

forWorkers('who may publish', (startHub) => {
  const restricted = (restrictPublish: string[] | undefined) =>
    startHub({ ...(restrictPublish && { default: { restrictPublish } }) })

  for (const [list, status] of [
    [undefined, 200],
    [[], 403],
    [['127.0.0.1'], 200],
    [['127.0.0.0/8'], 200],
    [['0.0.0.0/0'], 200],
    [['::ffff:127.0.0.1'], 200],
    [['10.0.0.0/8', '::1', '::/0'], 403],
  ] as const) {
    it(`is ${status} from 127.0.0.1 with ${JSON.stringify(list)}`, async () => {
      const hub = await restricted(list && [...list])
      assert.equal((await hub.publish('test', { data: 'x' })).status, status)
      await hub.hub.stop()
    })
  }

  it('is judged by the connection, never by a header', async () => {
    const hub = await restricted(['10.0.0.1'])
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Client-IP']) {
      const headers = { [name]: name === 'Forwarded' ? 'for=10.0.0.1' : '10.0.0.1' }
      assert.equal((await hub.publish('test', { data: 'x' }, { headers })).status, 403, name)
    }
    await hub.hub.stop()
  })

  it('is what the channel says before what the default says', async () => {
    const hub = await startHub({
      default: { restrictPublish: ['127.0.0.1'] },
      channels: [{ path: 'closed', restrictPublish: ['10.0.0.0/8'] }, { path: 'open' }],
    })
    assert.equal((await hub.publish('closed', { data: 'x' })).status, 403)
    assert.equal((await hub.publish('open', { data: 'x' })).status, 200)
    assert.equal((await hub.publish('dynamic', { data: 'x' })).status, 200)
    await hub.hub.stop()
  })

  it('knows an IPv4 address on a socket that takes both families', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    const hasSixth = addresses.some(({ address }) => address === '::1')
    const hub = await startHub({
      server: { 'bind-ip': hasSixth ? '::' : '0.0.0.0' },
      default: { restrictPublish: ['127.0.0.1'] },
    })
    const url = `http://127.0.0.1:${hub.port}/test`
    assert.equal((await fetch(url, { method: 'POST', body: '{"data":"x"}' })).status, 200)
    if (hasSixth) {
      const sixth = `http://[::1]:${hub.port}/test`
      assert.equal((await fetch(sixth, { method: 'POST', body: '{"data":"x"}' })).status, 403)
    }
    await hub.hub.stop()
  })
})
