import assert from 'node:assert/strict'
import { type BenchProgress, ProgressBar } from '../../src/bench/progress-bar.js'

describe('the progress of a run', () => {
  const drawn = (terminal: { isTTY: boolean; columns?: number }, progress: BenchProgress) => {
    let text = ''
    const write = (part: string) => {
      text += part
    }
    const bar = new ProgressBar({ ...terminal, write } as unknown as NodeJS.WriteStream)
    bar.show(progress)
    bar.clear()
    return text
  }
  const publishing = { phase: 'publishing', done: 5, of: 10, delivered: 0 } as const

  it('is a bar on a terminal, on one line, and then gone', () => {
    assert.equal(
      drawn({ isTTY: true }, publishing),
      '\r\x1b[Kpublishing [############............] 50 %\r\x1b[K',
    )
    const timed = drawn({ isTTY: true }, { ...publishing, of: 0, delivered: 3 })
    assert.match(timed, /publishing 5 events {2}\d+ a second/)
    assert.equal(drawn({ isTTY: true, columns: 9 }, publishing), '\r\x1b[Kpublishi\r\x1b[K')
  })

  it('is nothing in a pipe', () => {
    assert.equal(drawn({ isTTY: false }, publishing), '')
  })
})
