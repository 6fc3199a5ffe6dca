import assert from 'node:assert/strict'
import { Origins } from '../../src/access/origins.js'

const allowed = { Vary: 'Origin', 'Access-Control-Allow-Origin': 'https://some.host' }
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
    assert.equal(new Origins(['null']).headersFor('null')['Access-Control-Allow-Origin'], 'null')
  })

  it('are none with an empty list', () => {
    assert.deepEqual(new Origins([]).headersFor('https://some.host'), refused)
  })
})
