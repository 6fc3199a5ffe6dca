import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { now } from '../../src/bench/clock.js'

describe('the clock of the bench', () => {
  it('is the same in all processes', () => {
    const clock = new URL('../../src/bench/clock.js', import.meta.url).href
    const script = `import { now } from '${clock}'; process.stdout.write(String(now()))`
    const before = now()
    const there = Number(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
    )
    const after = now()
    assert.ok(before < there && there < after, `${before}, ${there}, ${after}`)
  })
})
