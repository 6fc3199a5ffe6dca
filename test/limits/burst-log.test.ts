import assert from 'node:assert/strict'
import { BurstLog } from '../../src/limits/burst-log.js'
import { TestLog } from '../helpers/log.js'
import { until } from '../helpers/until.js'

describe('a log of what clients bring about', () => {
  it('has ten lines of a kind a second, and how many more there were', async () => {
    const log = new TestLog()
    const burst = new BurstLog(log.logger)
    for (let count = 0; count < 100; count += 1) {
      burst.tell('info', 'refused', { reason: 'a' }, { address: `192.0.2.${count}` })
    }
    burst.tell('error', 'refused', { reason: 'b' }, { address: '192.0.2.200' })
    const told = () => log.lines.map((line) => JSON.parse(line))
    assert.deepEqual(
      told().map(({ reason, address }) => `${reason} ${address}`),
      [...Array.from({ length: 10 }, (_, index) => `a 192.0.2.${index}`), 'b 192.0.2.200'],
    )
    await until(() => log.lines.length > 11)
    const { reason, leftOut, msg } = told().at(-1)
    assert.deepEqual([reason, leftOut, msg], ['a', 90, 'refused, and 90 more'])
    burst.tell('info', 'refused', { reason: 'a' }, { address: '192.0.2.1' })
    assert.equal(told().at(-1).address, '192.0.2.1')
  })
})
