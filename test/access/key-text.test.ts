import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Half } from '../../src/access/key.js'
import { parseKeys } from '../../src/access/key-text.js'
import { HubError } from '../../src/errors.js'
import { makePair } from '../helpers/tokens.js'

const rsa = makePair('RS256')
const ec = makePair('ES256')
const ed = makePair('EdDSA')

const parse = (text: string | Buffer, half: Half = 'public') => parseKeys(Buffer.from(text), half)
const kinds = (text: string | Buffer, half?: Half) =>
  parse(text, half).map(({ algorithms }) => algorithms.join(' '))
const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: 'jwk' }), ...more })

const HS = 'HS256 HS384 HS512'
const RS = 'RS256 RS384 RS512 PS256 PS384 PS512'

describe('the key of tokens', () => {
  it('is a secret if it is nothing else, without the line end after it', () => {
    for (const text of ['sesame', 'sesame\n', 'sesame\r\n']) {
      const [key] = parse(text)
      assert.equal(key?.key.export().toString(), 'sesame')
      assert.equal(key?.algorithms.join(' '), HS)
    }
    assert.equal(parse(' a \n\n')[0]?.key.export().toString(), ' a \n')
    const binary = Buffer.concat([Buffer.from([0x30, 0xff, 0xfe]), randomBytes(40)])
    assert.deepEqual(parse(binary)[0]?.key.export(), binary)
    assert.deepEqual(kinds(randomBytes(64).toString('base64')), [HS])
  })

  it('is used with the algorithms of its kind alone', () => {
    assert.deepEqual(kinds(rsa.pem), [RS])
    assert.deepEqual(kinds(ec.pem), ['ES256'])
    assert.deepEqual(kinds(ed.pem), ['EdDSA Ed25519'])
    for (const [namedCurve, alg] of [
      ['P-384', 'ES384'],
      ['P-521', 'ES512'],
    ] as const) {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve })
      assert.deepEqual(kinds(publicKey.export({ format: 'pem', type: 'spki' }).toString()), [alg])
    }
  })

  it('may be several, with other text around, and line ends as the environment has them', () => {
    assert.deepEqual(kinds(`# the old one\n${rsa.pem}# the new one\n${ed.pem}`), [
      RS,
      'EdDSA Ed25519',
    ])
    assert.deepEqual(kinds(ec.pem.replaceAll('\n', '\\n')), ['ES256'])
  })

  it('may be a private one, of which the public half is taken', () => {
    const pem = ec.privateKey.export({ format: 'pem', type: 'sec1' }).toString()
    const [key] = parse(pem)
    assert.equal(key?.key.type, 'public')
    const [ofJwk] = parse(JSON.stringify(jwk(ec.privateKey)))
    assert.equal(ofJwk?.key.type, 'public')
    assert.equal(parse(pem, 'private')[0]?.key.type, 'private')
  })

  it('may be a JSON Web Key or a set of them, as far as they are for this', () => {
    assert.deepEqual(kinds(JSON.stringify(jwk(rsa.publicKey, { alg: 'RS512' }))), ['RS512'])
    const set = {
      keys: [
        jwk(ec.publicKey, { kid: 'a', use: 'sig' }),
        jwk(rsa.publicKey, { kid: 'b', use: 'enc' }),
        jwk(ed.publicKey, { kid: 'c', key_ops: ['sign'] }),
        { kty: 'oct', k: 'c2VzYW1l', kid: 'd' },
        { kty: 'new' },
        null,
      ],
    }
    assert.deepEqual(
      parse(JSON.stringify(set)).map(({ kid, algorithms }) => [kid, algorithms.join(' ')]),
      [
        ['a', 'ES256'],
        ['d', HS],
      ],
    )
  })

  const der = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }) as Buffer
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const strange = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
  const encrypted = rsa.privateKey.export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  })
  for (const [name, text] of [
    ['nothing', ''],
    ['a line end', '\n'],
    ['PEM that is cut off', rsa.pem.slice(0, 100)],
    ['PEM that is spoilt', rsa.pem.replace('MII', 'XII')],
    ['a good one and a bad one', `${ec.pem}${rsa.pem.replace('MII', 'XII')}`],
    ['JSON that is spoilt', '{"kty":'],
    ['JSON that is no key', '{}'],
    ['a set without keys', '{"keys":[]}'],
    ['a set that is none', '{"keys":"x"}'],
    ['an empty secret in JSON', '{"kty":"oct","k":""}'],
    ['an RSA key that is too short', short.export({ format: 'pem', type: 'spki' })],
    ['a curve that tokens do not have', strange.export({ format: 'pem', type: 'spki' })],
    ['an encrypted key', encrypted],
    // As secrets these would be known to everybody who knows the public key:
    ['a public key in binary', der(rsa.publicKey)],
    ['a public key in binary, RSA alone', rsa.publicKey.export({ format: 'der', type: 'pkcs1' })],
    ['a public key in base64', der(ec.publicKey).toString('base64')],
    ['a public key in base64, in lines', `${rsa.pem.split('\n').slice(1, -2).join('\n')}\n`],
    ['a public key of SSH', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@here'],
  ] as const) {
    it(`is not ${name}`, () => {
      assert.throws(
        () => parse(text as string | Buffer),
        (error: unknown) => {
          assert.ok(error instanceof HubError)
          assert.equal(error.code, 'INVALID_CONFIG')
          return true
        },
      )
    })
  }

  it('does not sign if it is public', () => {
    for (const text of [rsa.pem, JSON.stringify(jwk(ec.publicKey))]) {
      assert.throws(() => parse(text, 'private'), /not a private key/)
    }
  })
})
