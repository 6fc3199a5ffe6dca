import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type AnswerListener, AnswerReader, type Head } from '../../src/bench/answer-reader.js'
import { type EventListener, EventReader } from '../../src/bench/event-reader.js'
import { StampFormat } from '../../src/bench/stamp.js'

const format = new StampFormat('abcdef', 60)

/** What a client makes of an answer. */
class Client implements AnswerListener, EventListener {
  readonly log: string[] = []
  readonly answers = new AnswerReader(this)
  readonly events = new EventReader(format, this)

  /** @param cuts where the bytes are cut into pieces */
  constructor(bytes: Buffer, cuts: readonly number[]) {
    const places = [...cuts, bytes.length].toSorted((a, b) => a - b)
    let from = 0
    for (const to of places) {
      const piece = Buffer.from(bytes.subarray(from, to))
      this.answers.read(piece, piece.length)
      piece.fill(10) // what was read is not there for long
      from = to
    }
  }

  onHead({ status, headers }: Head): void {
    this.log.push(`${status} ${headers.get('content-type')}`)
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.events.read(bytes, start, end)
  }

  onEnd(): void {
    this.log.push('end')
  }

  onStamp(publisher: number, number: number, time: number): void {
    this.log.push(`${publisher} ${number} ${time} after ${this.events.lastId}`)
  }

  onGap(): void {
    this.log.push('gap')
  }

  onDamage(): void {
    this.log.push('damage')
  }
}

const body = [
  ':ok\n\n',
  'retry: 1234\n\n',
  `id: first\ndata: ${format.data(3, 7, 12_345_678_901_234.5)}\n\n`,
  `id:second\r\nevent: x\r\ndata:${format.data(4, 8, 9)}\r\n\r\n`,
  `data: not of this run ${'y'.repeat(2000)}\n\n`,
  `data: ${new StampFormat('zzzzzz', 60).data(1, 1, 1)}\n\n`,
  'event: ssehub.gap\ndata: {"channel":"x"}\n\n',
  `id: third\ndata: ${format.data(5, 9, 10)}y\n\n`,
  `id: fourth\ndata: ${format.data(5, 10, 11)}`,
].join('')

const seen = [
  '200 text/event-stream',
  '3 7 12345678901234 after first',
  '4 8 9 after second',
  'gap',
  'damage',
]

const plain = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${body}`

const cuts = (length: number) => fc.array(fc.nat(length), { maxLength: 30 })

describe('reading a stream', () => {
  it('finds the events of the run, whatever the pieces that it comes in', () => {
    fc.assert(
      fc.property(cuts(plain.length), (cuts) => {
        const client = new Client(Buffer.from(plain), cuts)
        assert.deepEqual(client.log, seen)
        // The last event is not over, so nobody resumes from it.
        assert.equal(client.events.lastId, 'third')
        assert.equal(client.events.retry, 1234)
      }),
    )
  })

  it('finds the same in an answer in chunks', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 8, maxLength: 12 })
    fc.assert(
      fc.property(sizes, cuts(plain.length + 300), (sizes, cuts) => {
        let rest = body
        const chunks = [...sizes, body.length].map((size) => {
          const chunk = rest.slice(0, size)
          rest = rest.slice(size)
          return chunk
        })
        const lines = chunks
          .filter((chunk) => chunk !== '')
          .map((chunk) => `${chunk.length.toString(16)};x=y\r\n${chunk}\r\n`)
        const head =
          'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n'
        const text = `${head}${lines.join('')}0\r\nTrailer: x\r\n\r\n`
        assert.deepEqual(new Client(Buffer.from(text), cuts).log, [...seen, 'end'])
      }),
    )
  })

  it('finds one answer after another on a connection', () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Length: 3\r\n\r\nabc' +
      'HTTP/1.1 204 No Content\r\n\r\n' +
      'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'
    fc.assert(
      fc.property(cuts(text.length), (cuts) => {
        const { log } = new Client(Buffer.from(text), cuts)
        assert.deepEqual(log, ['200 a', 'end', '204 undefined', 'end', '404 undefined', 'end'])
      }),
    )
  })

  it('says so where it is not HTTP', () => {
    assert.throws(() => new Client(Buffer.from('SSH-2.0-x\r\n\r\n'), []), /does not speak HTTP/)
    assert.throws(() => new Client(Buffer.alloc(70_000, 'x'), []), /does not end/)
  })
})
