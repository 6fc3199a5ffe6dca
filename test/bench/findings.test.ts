import assert from 'node:assert/strict'
import { addSubscriber, noFindings, verdictOn } from '../../src/bench/findings.js'
import { Ledger } from '../../src/bench/ledger.js'

describe('subscribers of a channel', () => {
  /** How many disagree, if each was given these of the two events of each of two publishers. */
  const disagree = (failed: number[][], ...all: (readonly [number, number])[][]) => {
    const findings = noFindings()
    const sent = { counts: [2, 2], failed }
    for (const events of all) {
      const ledger = new Ledger(0, 1, 2)
      for (const [publisher, number] of events) ledger.take(publisher, number)
      const one = { ledger, damaged: 0, gaps: 0, reconnects: 0 }
      addSubscriber(findings, one, sent, 'live')
    }
    return verdictOn(findings, sent).disagreeing
  }
  const [a, b, c, d] = [[0, 0] as const, [1, 0] as const, [0, 1] as const, [1, 1] as const]

  it('disagree if they were given the same in another order', () => {
    assert.equal(disagree([[], []], [a, b, c, d], [a, b, c, d], [b, a, c, d]), 1)
  })

  it('do not disagree where some lack an event of which nobody knows whether it was taken', () => {
    assert.equal(disagree([[], [1]], [a, b, c, d], [a, b, c, d], [a, b, c]), 0)
    assert.equal(disagree([[1], []], [a, b, c, d], [a, b, d], [a, b, d]), 0)
  })

  it('disagree if they lack the same such event, and had the rest in another order', () => {
    assert.equal(disagree([[], [1]], [a, b, c], [a, b, c], [b, a, c], [a, b, c, d]), 1)
  })
})
