import assert from 'node:assert/strict'
import fc from 'fast-check'
import { members } from '../../src/event/json-text.js'
import { looksLikeEvent, parseEvent } from '../../src/event/parse.js'

const refuses = (body: string | Buffer, message: RegExp) =>
  assert.throws(() => parseEvent(body), { code: 'INVALID_EVENT', message })

describe('a published event', () => {
  it('needs data, and nothing else', () => {
    assert.deepEqual(parseEvent('{"data":"x"}'), { data: 'x' })
    refuses('{"id":1}', /"data" is missing/)
    refuses('{"data":null}', /"data" must not be null/)
  })

  it('may have an empty string as its data', () => {
    assert.deepEqual(parseEvent('{"data":""}'), { data: '' })
  })

  it('has data that is no string as its JSON text, digits and all', () => {
    const data = (value: string) => parseEvent(`{"data": ${value}}`).data
    assert.equal(data('{"a": [1, 2.50, "x y"]}'), '{"a":[1,2.50,"x y"]}')
    assert.equal(data('12345678901234567890'), '12345678901234567890')
    assert.equal(data('true'), 'true')
    assert.equal(data('[]'), '[]')
    assert.equal(data('{"quote": "a \\" b \\\\"}'), '{"quote":"a \\" b \\\\"}')
  })

  it('keeps event and retry where it has no id', () => {
    assert.deepEqual(parseEvent('{"data":"x","event":"e","retry":1000}'), {
      data: 'x',
      event: 'e',
      retry: 1000,
    })
  })

  it('keeps the digits of a number that is its id', () => {
    assert.equal(parseEvent('{"data":"","id":9007199254740993123}').id, '9007199254740993123')
    assert.equal(parseEvent('{"id" : 0 , "data":""}').id, '0')
    assert.equal(parseEvent('{"data":"","id":"007"}').id, '007')
  })

  it('has a retry that is brought into its limits', () => {
    const retry = (value: string) => parseEvent(`{"data":"","retry":${value}}`).retry
    assert.deepEqual(
      ['0', '500', '1e3', '3600000', '99999999999'].map(retry),
      [500, 500, 1000, 3_600_000, 3_600_000],
    )
  })

  for (const [field, value] of [
    ['id', '""'],
    ['id', '"a\\nb"'],
    ['id', '"a\\u0000"'],
    ['id', '"é"'],
    ['id', '" a"'],
    ['id', 'null'],
    ['id', 'true'],
    ['id', `"${'x'.repeat(129)}"`],
    ['id', `1${'0'.repeat(128)}`],
    ['id', '{"a":1}'],
    ['event', '"a\\nb"'],
    ['event', '"a\\rb"'],
    ['event', '7'],
    ['event', '"ssehub.gap"'],
    ['event', `"${'x'.repeat(129)}"`],
    ['retry', '-1'],
    ['retry', '1.5'],
    ['retry', '"1000"'],
    ['retry', '"1\\ndata: forged"'],
    ['retry', '1e400'],
    ['retry', 'null'],
  ]) {
    it(`is refused with ${value?.slice(0, 20)} as its ${field}`, () => {
      refuses(`{"data":"x","${field}":${value}}`, new RegExp(`"${field}" must be`))
    })
  }

  it('takes ids and types of 128 characters, whatever the characters of the type', () => {
    const event = parseEvent(
      JSON.stringify({ data: '', id: '~'.repeat(128), event: '\u{1f600}'.repeat(128) }),
    )
    assert.equal(event.id?.length, 128)
  })

  it('is refused when it is not a JSON object', () => {
    for (const body of ['', '  ', '[]', '"x"', '7', 'null', '{', '{"data":"x"} x', 'data=x']) {
      refuses(body, /^invalid event: it/)
    }
  })

  it('is refused when a member is there twice', () => {
    refuses('{"data":"a","data":"b"}', /"data" is there twice/)
    refuses('{"data":"a","d\\u0061ta":"b"}', /"data" is there twice/)
  })

  it('is refused when it is after a prototype', () => {
    refuses('{"data":"x","__proto__":{"polluted":1}}', /"__proto__" is forbidden/)
    refuses('{"data":"x","\\u005f_proto__":{"polluted":1}}', /"__proto__" is forbidden/)
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  it('may hold any names in its data', () => {
    for (const data of [
      '{"__proto__":{"polluted":1}}',
      '[{"constructor":{"prototype":{"a":1}}}]',
    ]) {
      assert.equal(parseEvent(`{"data":${data}}`).data, data)
    }
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  it('is refused when it is not UTF-8; a byte order mark is passed over', () => {
    refuses(Buffer.from([0x7b, 0xff, 0x7d]), /UTF-8/)
    assert.equal(parseEvent(Buffer.from('\ufeff{"data":"x"}')).data, 'x')
  })

  it('keeps NUL, U+2028 and a byte order mark in its data', () => {
    const data = '\ufeffa\0b\u2028c'
    assert.equal(parseEvent(JSON.stringify({ data })).data, data)
  })

  it('has other members passed over, path among them', () => {
    assert.deepEqual(parseEvent('{"path":"elsewhere","data":"x","more":[{"data":1}]}'), {
      data: 'x',
    })
  })

  it('may be nested as deep as it likes, and as large', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    assert.equal(parseEvent(`{"data":${deep}}`).data, deep)
    const large = 'x\\"'.repeat(2_000_000)
    assert.equal(parseEvent(`{"data":"${large}"}`).data.length, 4_000_000)
  })
})

describe('the members of a JSON text', () => {
  it('are those that JSON.parse finds, each with its own text', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(0, 2),
        (object, indent) => {
          const found = members(JSON.stringify(object, null, indent))
          const wanted = Object.entries(object).map(([name, value]) => [
            name,
            JSON.stringify(value),
          ])
          assert.deepEqual(found, wanted)
        },
      ),
    )
  })
})

describe('what looks like a whole event', () => {
  it('is a JSON object with a data member', () => {
    const looks = ['{"data":1}', ' {"id":1,"data":null}']
    const looksNot = ['x', '{"id":1}', '[{"data":1}]', '{"data":', '"data"', '']
    for (const text of looks) assert.equal(looksLikeEvent(text), true, text)
    for (const text of looksNot) assert.equal(looksLikeEvent(text), false, text)
  })
})
