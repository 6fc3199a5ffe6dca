import assert from 'node:assert/strict'
import fc from 'fast-check'
import { networkOf } from '../../src/access/network.js'

describe('what counts as one address', () => {
  it('is an IPv4 address, also within IPv6', () => {
    assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
    assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1')
    assert.notEqual(networkOf('192.0.2.2'), networkOf('192.0.2.1'))
  })

  it('is the /64 of an IPv6 address, however that is written', () => {
    const network = networkOf('2001:db8:1:2::')
    for (const address of [
      '2001:db8:1:2::1',
      '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff',
      '2001:db8:1:2::192.0.2.1',
      '2001:db8:1:2::1%eth0',
    ]) {
      assert.equal(networkOf(address), network, address)
    }
    for (const address of ['2001:db8:1:3::1', '2001:db8:1::2', '::1', '::']) {
      assert.notEqual(networkOf(address), network, address)
    }
  })

  it('is the same for two IPv6 addresses just if their first 64 bits are', () => {
    const half = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(half, half, half, half, (one, other, tail, otherTail) => {
        fc.pre(![one, other].some((parts) => parts.every((part) => part === 0))) // may be IPv4
        const text = (...parts: number[]) => parts.map((part) => part.toString(16)).join(':')
        const isSame = networkOf(text(...one, ...tail)) === networkOf(text(...other, ...otherTail))
        assert.equal(isSame, text(...one) === text(...other))
      }),
    )
  })
})
