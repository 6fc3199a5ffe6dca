import assert from 'node:assert/strict'
import fc from 'fast-check'
import { eventText } from '../../src/client/event-text.js'
import { looksLikeEvent, parseEvent } from '../../src/event/parse.js'

describe('the text of an event', () => {
  it('is the given text, if that is a whole event', () => {
    const event = '{ "data": [1, 2], "id": 12345678901234567890 }'
    assert.equal(eventText(event), event)
  })

  it('makes anything else the data', () => {
    for (const text of ['', 'hello', '{', '{"id":5}', '[{"data":1}]', '"data"', 'null']) {
      assert.deepEqual(parseEvent(eventText(text)), { data: text })
    }
  })

  it('makes even a whole event the data, if it is to be raw', () => {
    const text = '{"data":"x"}'
    assert.deepEqual(parseEvent(eventText(text, { id: '5' }, { raw: true })), {
      id: '5',
      data: text,
    })
  })

  it('puts fields in place of those of a whole event, and keeps the digits of the others', () => {
    const event =
      '{"id": 12345678901234567890, "event": "a", "data": {"n": 0.10000000000000000001}}'
    assert.equal(
      eventText(event, { event: 'b', retry: 900 }),
      '{"id":12345678901234567890,"data":{"n":0.10000000000000000001},"event":"b","retry":900}',
    )
    assert.equal(
      eventText('{"data":1,"id":5}', { id: '12345678901234567891' }),
      '{"data":1,"id":"12345678901234567891"}',
    )
  })

  it('holds any data as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!looksLikeEvent(text) && text.isWellFormed())
        assert.equal(parseEvent(eventText(text)).data, text)
      }),
    )
  })
})
