import assert from 'node:assert/strict'
import { BlockList, isIPv4 } from 'node:net'
import fc from 'fast-check'
import { AccessList } from '../../src/access/access-list.js'
import { HubError } from '../../src/errors.js'

interface Rule {
  readonly address: string
  readonly prefix: number
}

const ipv4 = fc.ipV4()
const ipv6 = fc.ipV6().filter((address) => !/^(0*:)*:?ffff:/i.test(address))
const near = (address: string) =>
  address.replace(/[\da-f]$/i, (digit) => (digit === '1' ? '2' : '1'))

const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ address: ipv4, prefix: fc.nat({ max: 32 }) }),
  fc.record({ address: ipv6, prefix: fc.nat({ max: 128 }) }),
)

/** Some rules, and a client: any, or one that stands close to a rule. */
const rulesAndClient = fc.array(rule, { maxLength: 5 }).chain((rules) => {
  const addresses = rules.map(({ address }) => address)
  const close = [...addresses, ...addresses.map(near)].filter((one) => one !== '')
  return fc.record({
    rules: fc.constant(rules),
    client: fc.oneof(ipv4, ipv6, ...(close.length > 0 ? [fc.constantFrom(...close)] : [])),
  })
})

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}

function isAlike(a: string, b: string): boolean {
  return family(a) === family(b)
}

describe('an access list', () => {
  it('allows exactly the addresses that node finds in its ranges', () => {
    fc.assert(
      fc.property(rulesAndClient, ({ rules, client }) => {
        // Node finds an IPv4 address in ::/0, too; here they are kept apart.
        const oracle = new BlockList()
        for (const { address, prefix } of rules.filter((one) => isAlike(one.address, client))) {
          oracle.addSubnet(address, prefix, family(address))
        }
        const list = new AccessList(rules.map(({ address, prefix }) => `${address}/${prefix}`))
        assert.equal(list.allows(client), oracle.check(client, family(client)))
      }),
      { numRuns: 1000 },
    )
  })

  it('treats an IPv4 address within IPv6 as that IPv4 address, in ranges and as a client', () => {
    fc.assert(
      fc.property(ipv4, fc.nat({ max: 32 }), ipv4, (address, prefix, client) => {
        const expected = new AccessList([`${address}/${prefix}`]).allows(client)
        for (const range of [`${address}/${prefix}`, `::ffff:${address}/${96 + prefix}`]) {
          const list = new AccessList([range])
          assert.equal(list.allows(client), expected)
          assert.equal(list.allows(`::ffff:${client}`), expected)
        }
      }),
    )
  })

  it('allows all where there is no list', () => {
    const list = new AccessList(undefined)
    for (const address of ['1.2.3.4', '::1', 'junk', undefined]) assert.ok(list.allows(address))
  })

  it('allows nobody where the list is empty', () => {
    const list = new AccessList([])
    for (const address of ['127.0.0.1', '::1', undefined]) assert.ok(!list.allows(address))
  })

  it('refuses what is not an address, even if all addresses are allowed', () => {
    const list = new AccessList(['0.0.0.0/0', '::/0'])
    for (const address of ['1.2.3.4', '::1', 'fe80::1%eth0', '::ffff:1.2.3.4']) {
      assert.ok(list.allows(address), address)
    }
    for (const address of [
      undefined,
      '',
      'junk',
      '10',
      '010.1.1.1',
      '1.2.3.4:80',
      '/run/hub.sock',
    ]) {
      assert.ok(!list.allows(address), String(address))
    }
  })

  it('keeps all of IPv4 and all of IPv6 apart', () => {
    assert.ok(!new AccessList(['0.0.0.0/0']).allows('::1'))
    assert.ok(!new AccessList(['::/0']).allows('1.2.3.4'))
    assert.ok(!new AccessList(['::/0']).allows('::ffff:1.2.3.4'))
  })

  it('never throws for whatever a client says it is', () => {
    const list = new AccessList(['10.0.0.0/8', 'fd00::/8'])
    const unit = fc.constantFrom(...'0189afx:./% \n\0é')
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        assert.equal(typeof list.allows(text), 'boolean')
      }),
    )
  })

  it('is not made of what is not a range', () => {
    assert.throws(
      () => new AccessList(['10.0.0.0/8', '10.0.0.0/33']),
      (error: unknown) => {
        assert.ok(error instanceof HubError)
        assert.equal(error.code, 'INVALID_CONFIG')
        assert.match(error.message, /"10\.0\.0\.0\/33"/)
        return true
      },
    )
  })
})
