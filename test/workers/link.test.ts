import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import fc from 'fast-check'
import { encode, Link } from '../../src/workers/link.js'

/** A link of which only this side is one, and what goes over it in both directions. */
function open(limit?: number) {
  const incoming = new PassThrough()
  const outgoing = new PassThrough()
  const received: unknown[] = []
  const stream = Duplex.from({ readable: incoming, writable: outgoing })
  const link = new Link<unknown, unknown>(stream, (message) => received.push(message), limit)
  return { link, received, incoming, outgoing }
}

const MEGABYTE = Buffer.alloc(1_000_000)

describe('a link', () => {
  it('tells of each message once, in order, however its bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string(), { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (messages, cuts) => {
          const { link, received, incoming } = open()
          const bytes = Buffer.concat(messages.map(encode))
          for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
            const end = start + (cuts[turn % cuts.length] ?? 1)
            incoming.write(bytes.subarray(start, end))
            start = end
          }
          incoming.end()
          await once(incoming, 'close')
          link.close()
          assert.deepEqual(received, messages)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('does not copy what comes in one piece', async () => {
    const { link, received, incoming } = open()
    const pieces = [1, 2, 3].map(() => encode(MEGABYTE))
    for (const piece of pieces) {
      incoming.write(piece)
      await once(incoming, 'data')
    }
    assert.deepEqual(
      received.map((message) => (message as Buffer).buffer === pieces[0]?.buffer),
      [true, false, false],
    )
    assert.deepEqual(
      received.map((message) => (message as Buffer).buffer),
      pieces.map(({ buffer }) => buffer),
    )
    link.close()
  })

  it('is full while the other side leaves much untaken, but not for nobody, nor once closed', async () => {
    const { link, outgoing } = open()
    for (let sent = 0; sent < 5; sent += 1) link.send(MEGABYTE)
    assert.equal(link.isFull, true)
    link.isAwaited = false
    assert.equal(link.isFull, false)
    link.isAwaited = true
    outgoing.resume()
    await new Promise<void>((resolve) => {
      link.onRoom = resolve
    })
    assert.equal(link.isFull, false)
    outgoing.pause()
    for (let sent = 0; sent < 5; sent += 1) link.send(MEGABYTE)
    assert.equal(link.isFull, true)
    link.close()
    assert.equal(link.isFull, false)
    await link.taken()
  })

  it('gives the other side up when it leaves too much untaken', () => {
    const { link } = open(3_000_000)
    let times = 0
    link.onOverflow = () => {
      times += 1
    }
    for (let sent = 0; sent < 4; sent += 1) {
      assert.equal(link.isClosed, false)
      link.send(MEGABYTE)
    }
    assert.equal(link.isClosed, true)
    link.send(MEGABYTE)
    assert.equal(times, 1)
  })

  it('takes it for a sign of life when more is taken than the system does by itself', async () => {
    const { link, outgoing, incoming } = open()
    let signs = 0
    link.onLife = () => {
      signs += 1
    }
    link.send('short')
    await link.taken()
    assert.equal(signs, 0, 'the system has it')
    link.send(MEGABYTE)
    link.send('short')
    await new Promise(setImmediate)
    assert.equal(signs, 0)
    outgoing.resume()
    await link.taken()
    assert.ok(signs > 0)
    signs = 0
    incoming.write(encode('half').subarray(0, 3))
    await once(incoming, 'data')
    assert.equal(signs, 1)
    link.close()
  })
})
