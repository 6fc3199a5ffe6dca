import assert from 'node:assert/strict'
import fc from 'fast-check'
import { covers, toGrants } from '../../src/access/grants.js'

const name = fc.string({ unit: fc.constantFrom(...'ab*/ é😀'), minLength: 1, maxLength: 6 })

describe('what a token names', () => {
  it('is a channel of exactly that name, or one that begins with what stands before a last *', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), name, (patterns, channel) => {
        const expected = patterns.some((pattern) => {
          const characters = [...pattern]
          if (characters.at(-1) !== '*') return pattern === channel
          const prefix = characters.slice(0, -1)
          return prefix.every((character, index) => [...channel][index] === character)
        })
        assert.equal(covers(patterns, channel), expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('is nothing if it names nothing, and is not a regular expression', () => {
    for (const [pattern, channel] of [
      ['', 'a'],
      ['a', 'ab'],
      ['a', 'A'],
      ['a?', 'ab'],
      ['a.', 'ab'],
      ['.*', 'ab'],
      ['*b', 'ab'],
      ['a*c', 'abc'],
      ['é', 'e\u0301'],
      ['a/*', 'a'],
      ['a**', 'ab'],
    ] as const) {
      assert.ok(!covers([pattern], channel), `${pattern} ${channel}`)
    }
    assert.ok(!covers([], 'a'))
    for (const channel of ['a', '*', 'a/b']) assert.ok(covers(['*'], channel))
    assert.ok(covers(['a*b'], 'a*b'))
    assert.ok(covers(['a**'], 'a*b'))
  })

  it('is in the claim "ssehub", or else it is nothing', () => {
    const nothing = { publish: [], subscribe: [], stats: false, expiresAt: undefined }
    assert.deepEqual(toGrants({}, 0), nothing)
    assert.deepEqual(toGrants({ ssehub: {} }, 0), nothing)
    assert.deepEqual(toGrants({ publish: ['*'], scope: 'publish' }, 0), nothing)
    assert.deepEqual(toGrants({ exp: 5, ssehub: { publish: ['a'], more: 1 } }, 2), {
      ...nothing,
      publish: ['a'],
      expiresAt: 7000,
    })
  })

  it('is not read from what is something else', () => {
    for (const ssehub of [
      ...[null, 'x', 1, true, [], ['*'], { publish: '*' }, { publish: null }, { publish: {} }],
      ...[{ publish: ['a', 1] }, { subscribe: [['a']] }, { stats: 'true' }, { stats: 1 }],
    ]) {
      assert.equal(toGrants({ ssehub }, 0), undefined, JSON.stringify(ssehub))
    }
  })
})
