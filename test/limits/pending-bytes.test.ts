import assert from 'node:assert/strict'
import { type Pender, PendingBytes } from '../../src/limits/pending-bytes.js'

describe('the bytes that pend', () => {
  let cut: string[]
  let told: number
  let pending: PendingBytes

  const pender = (name: string): Pender => ({ cut: () => cut.push(name) })
  const buffer = (bytes: number) => Buffer.alloc(bytes)

  beforeEach(() => {
    cut = []
    told = 0
    pending = new PendingBytes(100, () => {
      told += 1
    })
  })

  it('count once for all who wait for the same buffer', () => {
    const shared = buffer(60)
    const [a, b, c] = [pender('a'), pender('b'), pender('c')]
    for (const one of [a, b]) pending.add(one, shared)
    pending.add(c, buffer(40))
    assert.equal(pending.bytes, 100)
    pending.remove(a)
    pending.remove(a)
    assert.equal(pending.bytes, 100)
    pending.remove(b)
    assert.equal(pending.bytes, 40)
    pending.remove(c)
    assert.equal(pending.bytes, 0)
    assert.deepEqual(cut, [])
  })

  it('cut those off that have waited longest, as many as it takes', () => {
    const shared = buffer(50)
    const again = pender('again')
    pending.add(again, buffer(10))
    pending.add(pender('a'), shared)
    pending.remove(again)
    pending.add(pender('b'), shared)
    pending.add(again, buffer(30))
    pending.add(pender('c'), buffer(40))
    assert.deepEqual(cut, ['a', 'b'])
    assert.deepEqual([pending.bytes, told], [70, 2])
  })

  it('leave one alone who alone has more', () => {
    pending.add(pender('a'), buffer(10))
    pending.add(pender('b'), buffer(1000))
    assert.deepEqual([cut, pending.bytes], [['a'], 1000])
  })

  it('have no limit with 0', () => {
    pending = new PendingBytes(0)
    for (const name of ['a', 'b']) pending.add(pender(name), buffer(1000))
    assert.deepEqual([cut, pending.bytes], [[], 2000])
  })
})
