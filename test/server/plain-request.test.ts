import assert from 'node:assert/strict'
import { parsePlainRequest } from '../../src/server/plain-request.js'

const parse = (text: string) => parsePlainRequest(Buffer.from(text, 'latin1'), 16_384)

describe('a request that is read without HTTP', () => {
  it('is one such as browsers send for a stream', () => {
    const request = parse(
      [
        'GET /news%2Fsport?lastEventId=5 HTTP/1.1',
        'Host: hub.example:8080',
        'Connection: keep-alive',
        'sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24"',
        'Accept: text/event-stream',
        'Origin: https://page.example',
        'Last-Event-ID: \xc3\xa0 b',
        'X-Empty:',
        '\r\n',
      ].join('\r\n'),
    )
    assert.equal(request?.url, '/news%2Fsport?lastEventId=5')
    assert.deepEqual(
      { ...request?.headers },
      {
        host: 'hub.example:8080',
        connection: 'keep-alive',
        'sec-ch-ua': '"Chromium";v="128", "Not;A=Brand";v="24"',
        accept: 'text/event-stream',
        origin: 'https://page.example',
        'last-event-id': '\xc3\xa0 b',
        'x-empty': '',
      },
    )
  })

  it('is one such as programs publish with', () => {
    const request = parse(
      [
        'POST /news HTTP/1.1',
        'host: hub.example:8080',
        'connection: close',
        'Content-Type: application/x-www-form-urlencoded',
        'content-length: 15',
        '',
        '{"data":"\xc3\xa0\r\n"}',
      ].join('\r\n'),
    )
    assert.equal(request?.method, 'POST')
    assert.equal(request?.body.toString(), '{"data":"à\r\n"}')
  })

  const head = 'GET /a HTTP/1.1\r\nHost: x\r\n'
  const post = 'POST /a HTTP/1.1\r\nHost: x\r\n'
  for (const [what, text] of [
    ['is not all there', head],
    ['is followed by another', `${head}\r\n${head}\r\n`],
    ['is followed by a byte', `${head}\r\nx`],
    ['has lines that end in LF alone', 'GET /a HTTP/1.1\nHost: x\n\n'],
    ['has an LF within a line', `${head}A: b\nC: d\r\n\r\n`],
    ['has a NUL', `${head}A: b\0\r\n\r\n`],
    ['has a header that goes on in the next line', `${head}A: b\r\n c\r\n\r\n`],
    ['has a space before a colon', `${head}A : b\r\n\r\n`],
    ['has a line without a colon', `${head}A\r\n\r\n`],
    ['has space at the end of a value', `${head}A: b \r\n\r\n`],
    ['has a header twice', `${head}A: b\r\na: c\r\n\r\n`],
    ['names two hosts', `${head}host: y\r\n\r\n`],
    ['names no host', 'GET /a HTTP/1.1\r\nA: b\r\n\r\n'],
    ['has a length', `${head}Content-Length: 0\r\n\r\n`],
    ['has a length that is none', `${head}Content-Length: close\r\n\r\n`],
    ['has chunks', `${head}Transfer-Encoding: chunked\r\n\r\n`],
    ['wants another protocol', `${head}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`],
    ['expects something', `${head}Expect: 100-continue\r\n\r\n`],
    ['asks for the figures of the hub', 'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['may be read as asking for them', 'GET /st%61ts HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['lacks a part of its body', `${post}Content-Length: 3\r\n\r\n{}`],
    ['has more than its body', `${post}Content-Length: 2\r\n\r\n{}\n`],
    ['publishes without a length', `${post}\r\n`],
    ['has two lengths', `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
    ['has a list of lengths', `${post}Content-Length: 2, 2\r\n\r\n{}`],
    ['has a length with a sign', `${post}Content-Length: +2\r\n\r\n{}`],
    ['has a length with a zero before it', `${post}Content-Length: 02\r\n\r\n{}`],
    ['publishes in chunks', `${post}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}`],
    ['waits to be told to go on', `${post}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`],
    ['has a longer head than it may', `${head}A: ${'b'.repeat(16_384)}\r\n\r\n`],
    ['neither subscribes nor publishes', 'HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['is of HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: x\r\n\r\n'],
    ['names a whole URL', 'GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['has a space in its target', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['has a byte in its target that is not ASCII', 'GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ] as const) {
    it(`is none that ${what}`, () => assert.equal(parse(text), undefined))
  }

  it('is told from others in linear time', () => {
    for (const part of [' ', '\t', 'a', '%', ': ', '\r\n']) {
      const started = performance.now()
      assert.equal(parse(`${head}A: ${part.repeat(1_000_000)}\0\r\n\r\n`), undefined)
      assert.equal(parse(`GET /${part.repeat(1_000_000)}\0 HTTP/1.1\r\nHost: x\r\n\r\n`), undefined)
      assert.ok(performance.now() - started < 2000, JSON.stringify(part))
    }
  })
})
