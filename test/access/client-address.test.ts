import assert from 'node:assert/strict'
import fc from 'fast-check'
import { AccessList } from '../../src/access/access-list.js'
import { clientAddress } from '../../src/access/client-address.js'

const trusted = new AccessList(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

function addressOf(
  headers: Record<string, string>,
  remoteAddress: string | undefined = '10.0.0.1',
) {
  return clientAddress({ socket: { remoteAddress }, headers }, trusted)
}

const theirs = (text: string, remote?: string) => addressOf({ 'x-forwarded-for': text }, remote)
const standard = (text: string, remote?: string) => addressOf({ forwarded: text }, remote)

/** An address that is no proxy's, and one that is. */
const outside = fc.oneof(
  fc.ipV4().filter((address) => !/^(10|127)\./.test(address)),
  fc
    .ipV4()
    .filter((address) => !/^(10|127)\./.test(address))
    .map((address) => `::ffff:${address}`),
  fc.constantFrom('2001:db8::1', '::1', 'FE80::1'),
)
const proxy = fc.oneof(
  fc.nat({ max: 0xffffff }).map((n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`),
  fc.constantFrom('127.0.0.1', '::ffff:10.9.9.9', 'fd00::1'),
)

const isV6 = (address: string) => address.includes(':')
const port = fc.option(fc.nat({ max: 65_535 }), { nil: undefined })

/** An address as hops write it into either header, with or without a port. */
const inTheirs = (address: string) =>
  port.map((one) => {
    if (one === undefined) return address
    return isV6(address) ? `[${address}]:${one}` : `${address}:${one}`
  })
const inStandard = (address: string) =>
  port.map((one) => {
    const suffix = one === undefined ? '' : `:${one}`
    const node = isV6(address) ? `[${address}]${suffix}` : `${address}${suffix}`
    return `For=${node.includes(':') ? `"${node}"` : node};proto=https;host="a,b;for=10.1.1.1"`
  })

const plain = (address: string) =>
  clientAddress({ socket: { remoteAddress: address }, headers: {} }, trusted)

describe("the client's address", () => {
  it('is that of the connection, whatever the headers say, if that is no trusted proxy', () => {
    for (const remote of ['1.2.3.4', '::ffff:1.2.3.4']) {
      assert.equal(addressOf({}, remote), '1.2.3.4')
      assert.equal(theirs('10.0.0.9', remote), '1.2.3.4')
      assert.equal(standard('for=127.0.0.1', remote), '1.2.3.4')
      assert.equal(theirs('junk', remote), '1.2.3.4')
    }
    assert.equal(theirs('9.9.9.9', '::1'), '::1', '127.0.0.1 is another address')
  })

  it("is the proxy's own where it speaks for nobody", () => {
    assert.equal(addressOf({}), '10.0.0.1')
    assert.equal(addressOf({}, '::ffff:10.0.0.1'), '10.0.0.1')
  })

  it('is the last that is no trusted proxy, whatever stands before it', () => {
    const chain = fc
      .record({
        before: fc.string({ unit: fc.constantFrom(...'019af:.,[]" unkow') }),
        client: outside,
        proxies: fc.array(proxy, { maxLength: 4 }),
      })
      .chain(({ before, client, proxies }) => {
        const hops = [client, ...proxies]
        return fc.record({
          client: fc.constant(client),
          before: fc.constant(before),
          theirs: fc.tuple(...hops.map(inTheirs)),
          standard: fc.tuple(...hops.map(inStandard)),
        })
      })
    fc.assert(
      fc.property(chain, ({ client, before, theirs, standard }) => {
        const expected = plain(client)
        const both = { 'x-forwarded-for': theirs.join(', '), forwarded: standard.join(',') }
        assert.equal(addressOf({ 'x-forwarded-for': [before, ...theirs].join(', ') }), expected)
        assert.equal(addressOf({ forwarded: standard.join(', ') }), expected)
        assert.equal(addressOf({ forwarded: ['for=10.1.1.1', ...standard].join(',') }), expected)
        assert.equal(addressOf(both), expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('is the first hop where all of them are trusted', () => {
    assert.equal(theirs('10.0.0.3, 10.0.0.2'), '10.0.0.3')
    assert.equal(standard('for=10.0.0.3, for="[fd00::1]"'), '10.0.0.3')
  })

  for (const text of [
    '',
    ' ',
    ',',
    'unknown',
    '_hidden',
    'garbage',
    'localhost',
    '1.2.3',
    '010.1.1.1',
    '1.2.3.4/32',
    '1.2.3.4 ,',
    '1.2.3.4:port',
    '1.2.3.4:123456',
    '1.2.3.4:99999',
    '[::1]:65536',
    '9.9.9.9, 1.2.3.4:70000',
    '1.2.3.4 5.6.7.8',
    '1.2.3.4;5.6.7.8',
    '[1.2.3.4]',
    '[::1',
    '::1]',
    '[::1]80',
    '"1.2.3.4"',
    '1.2.3.4, unknown',
    '1.2.3.4, unknown, 10.0.0.2',
    '1.2.3.4, , 10.0.0.2',
    '1.2.3.4\t\t, \u00a0',
  ]) {
    it(`cannot be told from X-Forwarded-For: ${JSON.stringify(text)}`, () => {
      assert.equal(theirs(text), undefined)
    })
  }

  for (const text of [
    '',
    ',',
    'for=1.2.3.4,',
    '1.2.3.4',
    'for',
    'for=',
    'for=""',
    'for=unknown',
    'for=_hidden',
    'for="_gazonk:80"',
    'for="1.2.3.4:_port"',
    'for="1.2.3.4:99999"',
    'for="[::1]:65536"',
    'for=::1',
    'for="::1', // not closed
    'for=[::1]',
    'for=1.2.3.4:80',
    'for="1.2.3.4"x',
    'for=1.2.3.4;for=5.6.7.8',
    'for=1.2.3.4;For=1.2.3.4',
    'by=1.2.3.4;proto=http',
    'for=1.2.3.4;proto',
    'for=1.2.3.4;proto=a b',
    'for=1.2.3.4 proto=http',
    'for=1.2.3.4, for=unknown',
    'for=1.2.3.4, proto=http, for=10.0.0.2',
    'for=1.2.3.4;x=", for=9.9.9.9', // what a client wrote would swallow what the proxy did
    'for=1.2.3.4;x=", for=9.9.9.9;host="a"',
  ]) {
    it(`cannot be told from Forwarded: ${JSON.stringify(text)}`, () => {
      assert.equal(standard(text), undefined)
    })
  }

  it('cannot be told from two headers that do not agree', () => {
    const both = (xff: string, forwarded: string) =>
      addressOf({ 'x-forwarded-for': xff, forwarded })
    assert.equal(both('1.2.3.4', 'for=1.2.3.5'), undefined)
    assert.equal(both('1.2.3.4', 'for=unknown'), undefined)
    assert.equal(both('unknown', 'for=1.2.3.4'), undefined)
    assert.equal(both('unknown', 'for=unknown'), undefined)
    assert.equal(both('::ffff:1.2.3.4', 'for=1.2.3.4'), '1.2.3.4')
  })

  it('cannot be told of a connection that has none', () => {
    for (const remoteAddress of [undefined, '', '@', '/run/hub.sock']) {
      const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': '1.2.3.4' } }
      assert.equal(clientAddress(request, trusted), undefined)
      assert.equal(clientAddress(request, new AccessList(['0.0.0.0/0', '::/0'])), undefined)
    }
  })

  it('is never anything but an address, whatever a client writes', () => {
    const text = fc.string({ unit: fc.constantFrom(...'019af:.,;="\\[]_ for\u00e9\t') })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const address = addressOf({ 'x-forwarded-for': a, forwarded: `for=${b}` })
        if (address !== undefined) assert.ok(new AccessList(['0.0.0.0/0', '::/0']).allows(address))
      }),
    )
  })
})
