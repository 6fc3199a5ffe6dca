import assert from 'node:assert/strict'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import fc from 'fast-check'
import { decodeEvent, encodeEvent, encodeRetry } from '../../src/event/encode.js'
import { checkEvent, type HubEvent } from '../../src/event/event.js'
import { parseEvent } from '../../src/event/parse.js'

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('\n', '\r', '\r\n', 'a', ':', ' ', '\0', '\ufeff', '\u2028') }),
)
const id = fc
  .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 128 })
  .filter((value) => value.trim() === value)
const event = fc.string({ minLength: 1, maxLength: 40 }).filter((value) => !/\p{Cc}/u.test(value))
const hubEvent: fc.Arbitrary<HubEvent> = fc
  .record({ data: text, id, event, retry: fc.nat(10_000_000) }, { requiredKeys: ['data'] })
  .map(checkEvent)

const linesOf = (data: string) => data.replace(/\r\n|\r/g, '\n')

function parseInPieces(bytes: Buffer, at: number) {
  const seen: EventSourceMessage[] = []
  const retries: number[] = []
  const parser = createParser({
    onEvent: (message) => seen.push(message),
    onRetry: (retry) => retries.push(retry),
  })
  const decoder = new TextDecoder()
  parser.feed(decoder.decode(bytes.subarray(0, at), { stream: true }))
  parser.feed(decoder.decode(bytes.subarray(at)))
  return { seen, retries }
}

describe('the wire form of an event', () => {
  it('is id, event, retry, a line for each line of data, and a blank line', () => {
    const bytes = encodeEvent({ data: 'one\r\ntwo\rthree\n', id: '1', event: 'news', retry: 500 })
    assert.equal(
      bytes.toString(),
      'id: 1\nevent: news\nretry: 500\ndata: one\ndata: two\ndata: three\ndata: \n\n',
    )
  })

  it('is the one of the original for its own example', () => {
    const event = parseEvent('{ "id": 1, "event": "message", "data": "Test message" }')
    assert.equal(encodeEvent(event).toString(), 'id: 1\nevent: message\ndata: Test message\n\n')
  })

  it('is read by a client as it was meant, wherever the network cuts it', () => {
    fc.assert(
      fc.property(hubEvent, fc.nat(), (event, cut) => {
        const bytes = Buffer.concat([Buffer.from(':ok\n\n'), encodeEvent(event)])
        const { seen, retries } = parseInPieces(bytes, cut % bytes.length)
        assert.deepEqual(
          seen.map(({ id, event, data }) => ({ id, event, data })),
          [{ id: event.id, event: event.event, data: linesOf(event.data.toWellFormed()) }],
        )
        assert.deepEqual(retries, event.retry === undefined ? [] : [event.retry])
      }),
    )
  })

  it('has no line that is not its own field, whatever its fields hold', () => {
    const anything = fc.oneof(text, fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(anything, anything, anything, (id, event, data) => {
        const lines = encodeEvent({ id, event, data })
          .toString()
          .split(/\r\n|\n|\r/)
        assert.deepEqual(lines.splice(-2), ['', ''])
        assert.match(lines.shift() ?? '', /^id: /)
        assert.match(lines.shift() ?? '', /^event: /)
        for (const line of lines) assert.match(line, /^data: /)
      }),
    )
  })

  it('can be decoded, its line ends as LF', () => {
    fc.assert(
      fc.property(hubEvent, (event) => {
        const data = linesOf(event.data.toWellFormed())
        assert.deepEqual(decodeEvent(encodeEvent(event)), { ...event, data })
      }),
    )
  })

  it('of a retry alone is a whole number', () => {
    assert.equal(encodeRetry(1234.5).toString(), 'retry: 1235\n\n')
  })
})
