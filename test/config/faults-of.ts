import assert from 'node:assert/strict'
import { ConfigError } from '../../src/config/fault.js'

/** The faults that an action is refused for; fails if it is not, or for anything else. */
export function faultsOf(action: () => unknown): readonly string[] {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    assert.equal(error.code, 'INVALID_CONFIG')
    const [head, ...lines] = error.message.split('\n')
    assert.match(head ?? '', / cannot be used:$/)
    assert.deepEqual(
      lines,
      error.faults.map((fault) => `  ${fault}`),
    )
    return error.faults
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}
