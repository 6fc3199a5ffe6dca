import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readJson } from '../../src/config/json.js'

function faultIn(text: string): string {
  try {
    readJson(text)
  } catch (error) {
    assert.ok(error instanceof SyntaxError)
    return error.message
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(text)} was taken` })
}

describe('reading JSON', () => {
  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t', '\r\n'), (text, space) => {
        const expected: unknown = JSON.parse(text)
        assert.deepEqual(readJson(JSON.stringify(expected, null, space)).value, expected)
      }),
    )
  })

  it('takes exactly the texts that JSON.parse takes', () => {
    const pieces = ['{', '}', '[', ']', ':', ',', '"a"', '"', '\\', '1', '-', '0', '.', 'e', 'true']
    const text = fc.array(fc.constantFrom(...pieces, 'null', ' ', '\n', '\u00a0', '\u0000', '"b":'))
    fc.assert(
      fc.property(text, (parts) => {
        const json = parts.join('')
        let expected: unknown
        try {
          expected = JSON.parse(json)
        } catch {
          faultIn(json)
          return
        }
        assert.deepEqual(readJson(json).value, expected)
      }),
      { numRuns: 5000 },
    )
  })

  it('says where a text is not JSON, and what it wants there', () => {
    assert.equal(faultIn(''), 'line 1, column 1: found the end of the file, wants a value')
    assert.equal(
      faultIn('{\n  "port": 1,\n}'),
      'line 3, column 1: found }, wants a name in double quotes',
    )
    assert.equal(faultIn('{"a" 1}'), 'line 1, column 6: found 1, wants a colon')
    assert.equal(faultIn('[1 2]'), 'line 1, column 4: found 2, wants a comma or ]')
    assert.equal(faultIn('{} //'), 'line 1, column 4: found /, wants the end of the file')
    assert.equal(faultIn('["a'), 'line 1, column 2: found a string that does not end')
    assert.match(faultIn('["\n"]'), /^line 1, column 2: .*no line end, tab or unknown escape/)
  })

  it('does not quote the text, which may hold a password', () => {
    assert.ok(!faultIn('{"password":"hunter2}').includes('hunter'))
    assert.ok(!faultIn('{"password":hunter2}').includes('unter2'))
  })

  it('says which members are there more than once, and takes the last', () => {
    const text = '{"a":1,"b":[{"c":1},{"c":1,"\\u0063":2}],"a":3}'
    assert.deepEqual(readJson(text), {
      value: { a: 3, b: [{ c: 1 }, { c: 2 }] },
      repeated: [['b', 1, 'c'], ['a']],
    })
  })

  it('changes no prototype', () => {
    const { value } = readJson('{"__proto__":{"port":1},"constructor":2}')
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor'])
  })

  it('takes no more depth than it has', () => {
    assert.match(faultIn('['.repeat(100_000)), /column 102: .*fewer lists and objects/)
  })
})
