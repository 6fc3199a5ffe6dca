import assert from 'node:assert/strict'
import fc from 'fast-check'
import { takeTokens } from '../../src/server/query-tokens.js'

const isToken = ([name]: [string, string]) => /^(access_token|authorization)$/i.test(name)

describe('tokens in a query', () => {
  it('are all taken out, however they are written, and all else is left', () => {
    const name = fc.constantFrom(
      'access_token',
      'Authorization',
      'access%5Ftoken',
      'a',
      'token',
      '',
    )
    const part = fc
      .tuple(name, fc.string({ unit: fc.constantFrom(...'ab%=+?/;#2') }))
      .map(([n, v]) => `${n}=${v}`)
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const query = parts.join('&')
        const all = [...new URLSearchParams(query)]
        const { target, tokens } = takeTokens(`/news?${query}`)
        const [path, ...rest] = target.split('?')
        assert.equal(path, '/news')
        assert.deepEqual(
          [...new URLSearchParams(rest.join('?'))],
          all.filter((pair) => !isToken(pair)),
        )
        assert.deepEqual(
          tokens,
          all
            .filter(isToken)
            .map(([, value]) => value)
            .filter(Boolean),
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('leave no mark behind', () => {
    assert.deepEqual(takeTokens('/a?access_token=x'), { target: '/a', tokens: ['x'] })
    assert.deepEqual(takeTokens('/a'), { target: '/a', tokens: [] })
    assert.deepEqual(takeTokens('/access_token=x'), { target: '/access_token=x', tokens: [] })
  })
})
