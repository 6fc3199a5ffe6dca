import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { bash, cli } from '../helpers/cli.js'
import { makeFolderOfRun } from '../helpers/folder.js'
import { ServedHub } from '../helpers/served-hub.js'
import { makePair, SECRET } from '../helpers/tokens.js'

describe('ssehub token', () => {
  const folder = makeFolderOfRun()
  const secret = join(folder, 'secret')

  before(() => writeFile(secret, `${SECRET}\n`))

  const mint = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(['token', ...args, '--key-file', secret])
    assert.deepEqual([code, stderr], [0, ''])
    return stdout.trim()
  }

  it('prints a token, and nothing else, that says what it lets do and until when', async () => {
    const before = Math.floor(Date.now() / 1000)
    const token = await mint('--publish', 'a', '--publish', 'b c', '--subscribe', 'news*')
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
    const { ssehub, exp = 0, iat = 0 } = decodeJwt(token)
    assert.deepEqual(ssehub, { publish: ['a', 'b c'], subscribe: ['news*'] })
    assert.ok(iat >= before && exp === iat + 3600)
    assert.equal(decodeProtectedHeader(token).alg, 'HS256')
  })

  it('says more with --json, and what it is told to', async () => {
    const { code, stdout } = await cli(
      [
        'token',
        '--stats',
        '--expires',
        'never',
        '--issuer',
        'i',
        '--audience',
        'a',
        '--json',
      ].concat(['--subject', 's', '--kid', 'k', '--algorithm', 'HS512']),
      { env: { SSEHUB_AUTH_KEY: SECRET } },
    )
    assert.equal(code, 0)
    const { token, algorithm, claims } = JSON.parse(stdout)
    const { iat, ...others } = claims
    assert.deepEqual(others, { iss: 'i', aud: 'a', sub: 's', ssehub: { stats: true } })
    assert.equal(typeof iat, 'number')
    assert.deepEqual(decodeJwt(token), claims)
    assert.equal(algorithm, 'HS512')
    assert.deepEqual(decodeProtectedHeader(token), { alg: 'HS512', typ: 'JWT', kid: 'k' })
  })

  it('signs with a private key, and inspect verifies with either half', async () => {
    const { privateKey, pem } = makePair('ES256')
    const [file, publicFile] = [join(folder, 'private.pem'), join(folder, 'public.pem')]
    await writeFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }))
    await writeFile(publicFile, pem)
    const [{ stdout }, refused] = await Promise.all([
      cli(['token', '--subscribe', 'a', '--key-file', file]),
      cli(['token', '--subscribe', 'a', '--key-file', publicFile]),
    ])
    const token = stdout.trim()
    assert.equal(decodeProtectedHeader(token).alg, 'ES256')
    assert.deepEqual([refused.code, refused.stdout], [2, ''])
    assert.match(refused.stderr, /not a private key/)
    const ends = await Promise.all(
      [publicFile, file, secret].map((key) => cli(['token', 'inspect', token, '--key-file', key])),
    )
    assert.deepEqual(
      ends.map(({ code, stdout }) => [code, /^valid +yes$/m.test(stdout)]),
      [
        [0, true],
        [0, true],
        [1, false],
      ],
    )
  })

  it('is told what is wrong with how it is used', async () => {
    const cases = [
      [['--publish', 'a'], /give --key-file/],
      [['--key-file', secret], /give --publish, --subscribe or --stats/],
      [['--publish', 'a', '--key-file', join(folder, 'none')], /cannot read .*none/],
      [['--publish', 'a', '--key-file', secret, '--expires', '1y'], /expected a time like/],
      [['--publish', 'a', '--key-file', secret, '--expires', '0s'], /expected a time like/],
      [['--publish', 'a', '--key-file', secret, '--algorithm', 'RS256'], /no key for RS256/],
      [['--publish', 'a', '--key-file', '/dev/null'], /: the key cannot be used: it is empty\n$/],
      [['--publish', 'a', '--key-file', secret, '--algorithm', 'none'], /Expected --algorithm/],
      [['--publish', '', '--key-file', secret], /give one, or "\*" for all/],
      [['--subscribe', 'a*b', '--key-file', secret], /"a\*b" has a \* .* give "a\*", or each/],
    ] as const
    const ends = await Promise.all(cases.map(([args]) => cli(['token', ...args])))
    for (const [index, { code, stdout, stderr }] of ends.entries()) {
      const reason = cases[index]?.[1] as RegExp
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, reason)
      assert.ok(!stderr.includes(SECRET))
    }
  })

  it('is told of a secret that is too short', async () => {
    const { code, stdout, stderr } = await cli(['token', '--publish', 'a'], {
      env: { SSEHUB_AUTH_KEY: 'sesame' },
    })
    assert.deepEqual([code, stdout.split('.').length], [0, 3])
    assert.match(stderr, /warning: a secret of less than 32 bytes can be found by trying/)
  })

  it('inspect shows what a token says, when it ends, and whether it counts', async () => {
    const token = await mint('--publish', 'a', '--expires', '2d', '--subject', '\x1b[31mred')
    const { code, stdout } = await cli(['token', 'inspect', token, '--key-file', secret])
    assert.equal(code, 0)
    assert.match(stdout, /^alg +HS256$/m)
    assert.match(stdout, /^sub +\\x1b\[31mred$/m)
    assert.match(stdout, /^ssehub +\{"publish":\["a"\]\}$/m)
    assert.match(stdout, /^expires +\d{4}-\d\d-\d\dT.*Z, in 17\d{4} s$/m)
    assert.match(stdout, /^valid +yes$/m)
    const unknown = await cli(['token', 'inspect', token])
    assert.equal(unknown.code, 0)
    assert.match(unknown.stdout, /^valid +not known: its signature is not checked/m)
  })

  it('inspect fails for a token that does not count, and says why', async () => {
    const token = await mint('--publish', 'a')
    const changed = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    const bad = await cli(['token', 'inspect', changed, '--key-file', secret, '--json'])
    assert.equal(bad.code, 1)
    const { header, claims, isValid, problem } = JSON.parse(bad.stdout)
    assert.deepEqual([header.alg, claims.ssehub, isValid], ['HS256', { publish: ['a'] }, false])
    assert.match(problem, /not signed with a key/)
    const junk = await cli(['token', 'inspect', 'junk'])
    assert.deepEqual([junk.code, junk.stdout], [1, ''])
    assert.match(junk.stderr, /not a JSON Web Token/)
  })

  it('inspect reads a token from standard input', async () => {
    const { code, stdout } = await bash(
      `ssehub token --subscribe '*' | ssehub token inspect - --json`,
      { env: { SSEHUB_AUTH_KEYFILE: secret } },
    )
    assert.deepEqual([code, JSON.parse(stdout).isValid], [0, true])
  })

  it('makes what a hub takes from all commands, which are refused without it', async () => {
    const hub = await ServedHub.startWith(
      {
        auth: { keyFile: secret, publishKeys: ['sesame'], stats: 'token' },
        default: { publish: 'token', subscribe: 'token' },
      },
      makeFolderOfRun(),
    )
    const token = await mint('--publish', 'a', '--subscribe', 'a', '--stats')
    const published = await cli(['publish', 'a', 'x', '--id', '1', '--url', hub.url], {
      env: { SSEHUB_TOKEN: token },
    })
    assert.equal(published.code, 0, published.stderr)
    const commands = [['tail', 'a', '--all', '--count', '1'], ['cache', 'dump', 'a'], ['stats']]
    const run = (...args: string[]) => cli([...args, '--url', hub.url])
    const ends = await Promise.all(commands.map((args) => run(...args, '--token', token)))
    for (const { code, stderr } of ends) assert.equal(code, 0, stderr)
    const [key, other, bad, ...refused] = await Promise.all([
      run('publish', 'c', 'x', '--token', 'sesame'),
      run('tail', 'b', '--token', token),
      run('stats', '--token', 'a b'),
      ...[['publish', 'a', 'x'], ...commands].map((args) => run(...args)),
    ])
    assert.equal(key?.code, 0, key?.stderr)
    assert.equal(other?.code, 3)
    assert.match(other.stderr, /the token does not name this channel .*\(403\)/)
    assert.equal(bad?.code, 2)
    for (const { code, stderr } of refused) {
      assert.equal(code, 3)
      assert.match(stderr, /the hub refused: this needs a token \(401\)/)
    }
    hub.signal('SIGTERM')
    await hub.exit()
    assert.ok(!JSON.stringify(hub.log).includes(token))
  })
})
