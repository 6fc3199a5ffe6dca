import assert from 'node:assert/strict'
import { type Pender, PendingBytes } from '../../src/limits/pending-bytes.js'

describe('the bytes that pend', () => {
  let cut: string[]
  let told: number
  let pending: PendingBytes
  let turns: (() => void)[]

  const pender = (name: string, copied = () => 0): Pender => ({
    cut: () => cut.push(name),
    copied,
  })
  const buffer = (bytes: number) => Buffer.alloc(bytes)

  beforeEach(() => {
    cut = []
    told = 0
    turns = []
    pending = new PendingBytes(
      100,
      () => {
        told += 1
      },
      (turn) => turns.push(turn),
    )
  })

  /** Turns of the event loop, until nobody waits for another. */
  const turn = (most = Number.POSITIVE_INFINITY) => {
    for (let count = 0; count < most && turns.length > 0; count += 1) turns.shift()?.()
  }

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

  it('of TLS count only if they are not taken soon, and then for each', () => {
    const shared = buffer(40)
    const [a, b, c] = ['a', 'b', 'c'].map((name) => pender(name, () => 45)) as [
      Pender,
      Pender,
      Pender,
    ]
    pending.addSoon(a, shared)
    pending.addSoon(b, shared)
    turn(4)
    pending.remove(b)
    pending.addSoon(c, shared)
    assert.equal(pending.bytes, 0)
    turn(4)
    assert.equal(pending.bytes, 45)
    pending.addSoon(a, buffer(1))
    turn()
    assert.deepEqual([pending.bytes, turns.length], [90, 0])
    pending.addSoon(b, shared)
    turn()
    assert.deepEqual([cut, told, pending.bytes], [['a'], 1, 90])
    for (const one of [a, b, c]) pending.remove(one)
    assert.equal(pending.bytes, 0)
  })

  it('count for each from when a copy of them is found', () => {
    const shared = buffer(60)
    let copied = 0
    const [a, b] = ['a', 'b'].map((name) => pender(name, () => copied)) as [Pender, Pender]
    pending.addSoon(a, shared)
    pending.addSoon(b, shared)
    turn()
    assert.equal(pending.bytes, 60)
    copied = 70
    pending.review()
    assert.deepEqual([cut, pending.bytes], [['a'], 70])
    pending.remove(b)
    assert.equal(pending.bytes, 0)
  })

  it('have no limit with 0', () => {
    pending = new PendingBytes(0)
    for (const name of ['a', 'b']) pending.add(pender(name), buffer(1000))
    assert.deepEqual([cut, pending.bytes], [[], 2000])
  })
})
