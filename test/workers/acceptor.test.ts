import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Acceptor, type Taker } from '../../src/workers/acceptor.js'

/** Takes connections while it may, and tells that it may not any more. */
class FakeTaker implements Taker {
  isReady = true
  connections = 0
  limit: number | undefined
  admissions = 0

  admit(limit: number): void {
    this.admissions += 1
    this.limit = limit
    this.#closeIfFull()
  }

  /** @returns whether it took one */
  take(): boolean {
    if (!this.isReady || this.limit === undefined) return false
    this.connections += 1
    this.#closeIfFull()
    return true
  }

  #closeIfFull(): void {
    if (this.limit !== undefined && this.connections >= this.limit) this.limit = undefined
  }
}

const sum = (takers: readonly FakeTaker[]) =>
  takers.reduce((sum, { connections }) => sum + connections, 0)

describe('who takes connections', () => {
  it('is whoever has few, so that all have about as many, and somebody takes each', () => {
    const comings = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 600 })
    const leavings = fc.array(fc.nat({ max: 100 }), { maxLength: 4 })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), comings, leavings, (count, comes, leaves) => {
        const takers = Array.from({ length: count }, () => new FakeTaker())
        const acceptor = new Acceptor(takers)
        acceptor.balance()
        const come = () => {
          for (const eager of comes) {
            // The same one is always the first to wake up: it takes what it may.
            const order = [...takers.slice(eager % count), ...takers.slice(0, eager % count)]
            assert.ok(order.some((taker) => taker.take()))
            acceptor.balance()
          }
        }
        come()
        for (const [index, share] of leaves.entries()) {
          const taker = takers[index % count] as FakeTaker
          taker.connections -= Math.floor((taker.connections * share) / 100)
          acceptor.balance()
        }
        const before = takers.map(({ connections }) => connections)
        const most = Math.max(...before)
        come()
        for (const [index, { connections }] of takers.entries()) {
          const slack = Math.max(4, sum(takers) / 16)
          const least = Math.min(...takers.map(({ connections }) => connections))
          const grew = connections > (before[index] as number)
          if (grew) assert.ok(connections <= least + slack, `${connections} of ${least} + ${slack}`)
          else assert.ok(connections <= most)
        }
      }),
    )
  })

  it('is told far less often than connections come', () => {
    const takers = [new FakeTaker(), new FakeTaker()]
    const acceptor = new Acceptor(takers)
    acceptor.balance()
    for (let count = 0; count < 5000; count += 1) {
      assert.ok(takers[count % 2]?.take())
      acceptor.balance()
    }
    const told = takers.reduce((sum, { admissions }) => sum + admissions, 0)
    assert.ok(told < 500, `${told} times`)
  })

  it('is everybody else while one cannot, and one alone without limit', () => {
    const [one, other] = [new FakeTaker(), new FakeTaker()]
    const acceptor = new Acceptor([one, other])
    acceptor.balance()
    one.isReady = false
    acceptor.balance()
    for (let count = 0; count < 1000; count += 1) assert.ok(other.take())
    one.isReady = true
    acceptor.balance()
    assert.equal(other.take(), false, 'the other is full')
    assert.ok(one.take())
  })
})
