import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Origins, parseOrigin } from '../../src/access/origins.js'

const allowed = {
  Vary: 'Origin',
  'Access-Control-Allow-Origin': 'https://some.host',
  'Access-Control-Allow-Credentials': 'true',
}
const refused = { Vary: 'Origin' }

describe('the origins that may read', () => {
  it('are all with *, whatever the request says', () => {
    const origins = new Origins('*')
    for (const origin of [undefined, 'null', 'https://some.host']) {
      assert.deepEqual(origins.headersFor(origin), { 'Access-Control-Allow-Origin': '*' })
    }
  })

  it('are those of the list, each told its own name', () => {
    const origins = new Origins(['https://other.host', 'https://some.host'])
    assert.deepEqual(origins.headersFor('https://some.host'), allowed)
  })

  it('are not those that only look like one of the list', () => {
    const origins = new Origins(['https://some.host'])
    const others = [
      'https://some.host.evil.example',
      'https://some.hos',
      'https://some.host/',
      'https://some.host:443',
      'http://some.host',
      'HTTPS://SOME.HOST',
      '*',
      'null',
      '',
      undefined,
    ]
    for (const origin of others) assert.deepEqual(origins.headersFor(origin), refused, origin)
  })

  it('hold "null" only if it is listed', () => {
    assert.deepEqual(new Origins(['https://a']).headersFor('null'), refused)
    // Any page can make a frame of this origin: it is not one to be given credentials.
    assert.deepEqual(new Origins(['null']).headersFor('null'), {
      Vary: 'Origin',
      'Access-Control-Allow-Origin': 'null',
    })
    assert.ok(!new Origins(['null']).names('null'))
  })

  it('are none with an empty list', () => {
    assert.deepEqual(new Origins([]).headersFor('https://some.host'), refused)
  })
})

describe('an origin in a configuration', () => {
  for (const [text, expected] of [
    ['https://some.host', 'https://some.host'],
    ['HTTPS://Some.HOST', 'https://some.host'],
    ['https://some.host:443', 'https://some.host'],
    ['http://some.host:80', 'http://some.host'],
    ['http://some.host:443', 'http://some.host:443'],
    ['http://some.host:08080', 'http://some.host:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['http://[0:0::1]', 'http://[::1]'],
    ['https://b\u00fccher.example', 'https://xn--bcher-kva.example'],
    ['chrome-extension://AbCdEf', 'chrome-extension://abcdef'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['null', 'null'],
  ] as const) {
    it(`is written as browsers write it: ${text}`, () => {
      assert.equal(parseOrigin(text), expected)
    })
  }

  for (const text of [
    ...['', ' ', '*', 'NULL', 'some.host', 'some.host:80', '//some.host', 'https:', 'https://'],
    ...['https://some.host/', 'https://some.host/path', 'https://some.host?', 'https://some.host#'],
    ...['https://some.host\\', 'https://user@some.host', 'https://*.some.host', 'https://*'],
    ...['https://some.host:0x50', 'https://some.host:70000', 'https://a b', ' https://a', '1://a'],
    ...['data:text/html,x', 'file:///etc/passwd', 'javascript:alert(1)'],
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(parseOrigin(text), undefined)
    })
  }

  it('is what URL says it is, for all web origins, and stays so', () => {
    fc.assert(
      fc.property(fc.webAuthority({ withPort: true }), fc.constantFrom('http', 'https'), (a, s) => {
        const origin = new URL(`${s}://${a}`).origin
        assert.equal(parseOrigin(`${s}://${a}`), origin)
        assert.equal(parseOrigin(origin), origin)
      }),
    )
  })
})
