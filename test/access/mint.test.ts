import assert from 'node:assert/strict'
import { inspectToken } from '../../src/access/inspect.js'
import { mintToken } from '../../src/access/mint.js'
import { makePair, SECRET } from '../helpers/tokens.js'

const claims = { ssehub: { publish: ['a'] } }
const now = () => 1_000_000

describe('a token that is made here', () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
    it(`is signed with a private key: ${alg}`, async () => {
      const { privateKey, pem } = makePair(alg)
      const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
      const { token, algorithm } = await mintToken(claims, key)
      assert.equal(algorithm, alg)
      const { header, isValid, problem } = await inspectToken(token, pem, now)
      assert.deepEqual([header, isValid, problem], [{ alg, typ: 'JWT' }, true, null])
      assert.equal((await inspectToken(token, SECRET, now)).isValid, false)
    })
  }

  it('has the name of its key', async () => {
    const { privateKey } = makePair('EdDSA')
    const key = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: '2026' })
    assert.equal(
      (await inspectToken((await mintToken(claims, key)).token, key, now)).header.kid,
      '2026',
    )
    const { token } = await mintToken(claims, key, { kid: 'other' })
    assert.equal((await inspectToken(token, undefined, now)).header.kid, 'other')
  })

  it('is shown with what is wrong with it', async () => {
    const verdict = async (more: object, key?: string) => {
      const { token } = await mintToken({ ...claims, ...more }, SECRET, { algorithm: 'HS384' })
      const { isValid, problem } = await inspectToken(token, key, now)
      return [isValid, problem]
    }
    const unchecked = 'its signature is not checked: there is no key'
    assert.deepEqual(await verdict({}, SECRET), [true, null])
    assert.deepEqual(await verdict({}), [null, unchecked])
    assert.deepEqual(await verdict({ exp: 1001 }), [null, unchecked])
    for (const key of [SECRET, undefined]) {
      assert.deepEqual(await verdict({ exp: 1000 }, key), [false, 'it has expired'])
      assert.deepEqual(await verdict({ nbf: 1001 }, key), [false, 'it is not valid yet'])
    }
    assert.match(String(await verdict({ ssehub: { publish: '*' } }, SECRET)), /claim "ssehub"/)
  })

  it('is not made with a key that is none, nor shown if it is none', async () => {
    await assert.rejects(mintToken(claims, makePair('ES256').pem), { code: 'INVALID_CONFIG' })
    await assert.rejects(mintToken(claims, SECRET, { algorithm: 'RS256' }), /no key for RS256/)
    for (const text of ['', 'x', 'a.b.c', '..']) {
      await assert.rejects(inspectToken(text, SECRET), { code: 'INVALID_TOKEN' })
    }
  })
})
