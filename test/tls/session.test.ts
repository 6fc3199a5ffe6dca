import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Http2Server } from 'node:http2'
import { type AddressInfo, connect as connectPlainly, type Socket } from 'node:net'
import { http2Options, Session } from '../../src/tls/session.js'
import { FLAG, FRAME, frame, PREFACE, request, reset, settings } from '../helpers/raw-http2.js'

const DAY = 86_400_000

describe('a session of HTTP/2', () => {
  let server: Http2Server
  let port: number
  let taken: Socket[]
  let keepAliveTimeout: number

  beforeEach(async () => {
    taken = []
    keepAliveTimeout = DAY
    server = createServer(http2Options(16_384), (request, response) => {
      if (request.url === '/answered') response.end()
    })
    server.prependListener('connection', (socket: Socket) => {
      taken.push(socket)
      server.once('session', (session) => {
        const limits = { headTimeout: DAY, keepAliveTimeout, goodbye: 50 }
        new Session(session, socket, limits)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterEach(() => {
    for (const socket of taken) socket.destroy()
    server.close()
  })

  /** Resolves when one that does not answer has come and been closed. */
  const closingOfSilent = async (): Promise<void> => {
    const socket = connectPlainly(port, '127.0.0.1').resume()
    socket.write(Buffer.concat([PREFACE, settings(), request(1, { ':path': '/' }), reset(1)]))
    await once(socket, 'close')
  }

  it('is closed if its last stream was broken off, and it does not answer either', async () => {
    await closingOfSilent()
  })

  it('stays open with a stream that was opened before it answered', async () => {
    keepAliveTimeout = 0
    const socket = connectPlainly(port, '127.0.0.1')
    socket.write(Buffer.concat([PREFACE, settings(), request(1, { ':path': '/' }), reset(1)]))
    let received = Buffer.alloc(0)
    let ping: Buffer | undefined
    while (!ping) {
      received = Buffer.concat([received, (await once(socket, 'data'))[0] as Buffer])
      ping = pingIn(received)
    }
    socket.write(
      Buffer.concat([request(3, { ':path': '/' }), frame(FRAME.ping, FLAG.ack, 0, ping)]),
    )
    await closingOfSilent() // it came later
    assert.equal(taken[0]?.destroyed, false)
    socket.destroy()
  })

  it('stays open if it answers', async () => {
    const session = connect(`http://127.0.0.1:${port}`)
    const broken = session.request({ ':path': '/' })
    broken.close(8)
    await once(session, 'ping')
    for (let count = 0; count < 2; count += 1) {
      const answered = session.request({ ':path': '/answered' }).resume()
      await once(answered, 'close')
      await closingOfSilent()
    }
    assert.deepEqual(
      taken.map(({ destroyed }) => destroyed),
      [false, true, true],
    )
    session.destroy()
  })
})

/** What a ping holds that is among whole frames. */
function pingIn(frames: Buffer): Buffer | undefined {
  for (let at = 0; at + 9 <= frames.length; at += 9 + frames.readUIntBE(at, 3)) {
    const isPing = frames[at + 3] === FRAME.ping && frames[at + 4] === 0
    if (isPing) return frames.subarray(at + 9, at + 17)
  }
  return undefined
}
