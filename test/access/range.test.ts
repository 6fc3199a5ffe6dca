import assert from 'node:assert/strict'
import { parseAddress, parseRange } from '../../src/access/range.js'

function rangeText(text: string): string | undefined {
  const range = parseRange(text)
  return range && `${range.address}/${range.prefix}`
}

describe('a range of addresses', () => {
  it('is an address or a CIDR range, IPv4 or IPv6', () => {
    assert.equal(rangeText('127.0.0.1'), '127.0.0.1/32')
    assert.equal(rangeText('10.0.0.0/8'), '10.0.0.0/8')
    assert.equal(rangeText('0.0.0.0/0'), '0.0.0.0/0')
    assert.equal(rangeText('::1'), '::1/128')
    assert.equal(rangeText('FD00::/8'), 'fd00::/8')
    assert.equal(rangeText('::/0'), '::/0')
  })

  it('may have bits set behind its prefix', () => {
    assert.equal(rangeText('10.1.2.3/8'), '10.1.2.3/8')
  })

  it('is of IPv4 if it is of IPv4 addresses within IPv6', () => {
    assert.equal(rangeText('::ffff:1.2.3.4'), '1.2.3.4/32')
    assert.equal(rangeText('::ffff:102:304/120'), '1.2.3.4/24')
    assert.equal(rangeText('::ffff:0:0/96'), '0.0.0.0/0')
    assert.equal(rangeText('::ffff:0:0/95'), '::ffff:0:0/95')
  })

  it('is refused if anything about it is unclear', () => {
    const bad = [
      ...['', ' ', '/', '/8', '*', 'all', 'localhost', '10', '10.0', '10.0.0', '0x7f.0.0.1'],
      ...['010.1.1.1', '1.2.3.256', '1.2.3.4.5', '1.2.3.4/', '1.2.3.4/33', '1.2.3.4/-1'],
      ...['1.2.3.4/08', '1.2.3.4/8.0', '1.2.3.4/8/8', '1.2.3.4/255.0.0.0', ' 1.2.3.4', '1.2.3.4\n'],
      ...['::/129', '::/', ':::', '1::2::3', '12345::', '[::1]', 'fe80::1%eth0', 'fe80::1%1/64'],
      ...['::ffff:010.1.1.1', '::ffff:1.2.3', '1.2.3.4:80'],
    ]
    for (const text of bad) assert.equal(rangeText(text), undefined, JSON.stringify(text))
  })
})

describe('the address of a client', () => {
  it('is IPv4 if it is an IPv4 address within IPv6', () => {
    assert.equal(`${parseAddress('::ffff:1.2.3.4')}`, '1.2.3.4')
    assert.equal(`${parseAddress('::FFFF:0102:0304')}`, '1.2.3.4')
  })

  it('is not IPv4 because it only ends like that', () => {
    assert.equal(`${parseAddress('::1.2.3.4')}`, '::102:304')
    assert.equal(`${parseAddress('64:ff9b::1.2.3.4')}`, '64:ff9b::102:304')
  })

  it('is read without its zone', () => {
    assert.equal(`${parseAddress('fe80::1%eth0')}`, 'fe80::1')
    assert.equal(parseAddress('1.2.3.4%eth0'), undefined)
  })

  it('is nothing else', () => {
    for (const text of ['', '10', '010.1.1.1', '::1/128', 'localhost', '1.2.3.4, 5.6.7.8']) {
      assert.equal(parseAddress(text), undefined, text)
    }
  })
})
