import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolderOfRun } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import {
  ALL,
  askerOf,
  bearer,
  forged,
  KeyServer,
  makePair,
  type Pair,
  SECRET,
  sign,
  WHOLE,
} from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

const DER = { format: 'der', type: 'spki' } as const

forWorkers('the keys of tokens', (startHub, workers) => {
  let hub: StartedHub

  /** One hub for all tests of a block. */
  const startOnce = (auth: () => Promise<object>) => {
    before(async () => {
      hub = await startHub({ default: WHOLE, auth: await auth() })
    })
    afterEach(() => hub.closeStreams())
    after(() => hub.hub.stop())
  }
  const { publish, read, statuses } = askerOf(() => hub)

  const of = async (pair: Pair, kid = pair.kid) =>
    bearer(await sign(ALL, pair.privateKey, { alg: pair.alg, kid }))

  /** What publishing is answered, by all processes: each has some of the connections. */
  const everywhere = async ({ Authorization }: { Authorization: string }) => {
    const sockets = Array.from({ length: 6 * workers }, () => hub.connect())
    const { length } = sockets
    await until(async () => (await hub.statsOnce()).global.connections > length)
    const head = `Host: x\r\nAuthorization: ${Authorization}\r\nContent-Length: 12`
    const answers = await Promise.all(
      sockets.map((socket) => {
        socket.write(`POST /test HTTP/1.1\r\n${head}\r\n\r\n{"data":"x"}`)
        return once(socket, 'data')
      }),
    )
    for (const socket of sockets) socket.destroy()
    return [...new Set(answers.map(([text]) => Number(String(text).split(' ')[1])))]
  }

  const [rs, es, ed] = [makePair('RS256'), makePair('ES256'), makePair('EdDSA')] as const
  const pems = [rs, es, ed].map(({ pem }) => pem).join('')

  /** Tokens that only claim to be of a secret: what everybody knows is that. */
  const ofPublicSecrets = () => {
    const ders = [rs, es, ed].map(({ publicKey: key }) => key.export(DER))
    const texts = [pems, rs.pem, es.pem, ed.pem].flatMap((pem) => [pem, pem.trim(), `${pem}\n`])
    return [...texts, ...ders].map((secret) => forged({ alg: 'HS256', typ: 'JWT' }, secret))
  }
  const areRefused = async (tokens: readonly string[]) => {
    for (const text of tokens) assert.deepEqual(await statuses(bearer(text)), [401, 401, 401])
  }

  describe('that are public, in a file', () => {
    const file = join(makeFolderOfRun(), 'keys.pem')
    const write = async (text: string) => {
      await writeFile(`${file}.new`, text)
      await rename(`${file}.new`, file)
    }

    startOnce(async () => {
      await write(pems)
      return { keyFile: file }
    })

    it('verify what the private halves have signed, and nothing else', async () => {
      for (const pair of [rs, es, ed]) {
        assert.deepEqual(await statuses(await of(pair, 'any')), [200, 200, 200])
        const other = makePair(pair.alg)
        assert.deepEqual(await statuses(await of(other)), [401, 401, 401])
      }
    })

    it('are never taken for secrets', () => areRefused(ofPublicSecrets()))

    it('follow the file: a new key counts, one that has gone does not', async () => {
      const [old, next] = [await of(rs), makePair('EdDSA')]
      await write(`${pems}${next.pem}`)
      assert.deepEqual(await everywhere(await of(next)), [200])
      assert.deepEqual(await everywhere(old), [200])
      await write(next.pem)
      await until(async () => `${await everywhere(old)}` === '401')
      await writeFile(file, 'ssh-ed25519 AAAA')
      assert.deepEqual(await everywhere(old), [401], 'the file has been looked at')
      assert.deepEqual(await everywhere(await of(next)), [200])
    })
  })

  describe('that are public, for some algorithms only', () => {
    startOnce(async () => ({ key: pems, algorithms: ['HS256', 'RS512', 'PS256', 'ES256'] }))

    it('verify by those', async () => {
      const statusOf = async (alg: string) =>
        (await read(bearer(await sign(ALL, rs.privateKey, { alg })))).status
      assert.equal(await statusOf('RS512'), 200)
      assert.equal(await statusOf('PS256'), 200)
      assert.equal(await statusOf('RS256'), 401)
      assert.deepEqual(await statuses(await of(es)), [200, 200, 200])
      assert.deepEqual(await statuses(await of(ed)), [401, 401, 401])
    })

    it('are never taken for secrets', () => areRefused(ofPublicSecrets()))
  })

  describe('at a URL', () => {
    const [a, b, other] = [makePair('RS256', 'a'), makePair('ES256', 'b'), makePair('RS256', 'a')]
    let keys: KeyServer

    startOnce(async () => {
      keys = await KeyServer.start(a)
      keys.instead = { status: 503, body: '' }
      return { jwksUrl: keys.url }
    })
    after(() => keys.stop())

    it('have those come back who have tokens while they are not there yet', async () => {
      const headers = await of(a)
      const both = [hub.subscribe('test', headers), publish(headers)] as const
      const [stream, answer] = await Promise.all(both)
      await stream.end()
      assert.match(stream.head, /^HTTP\/1.1 200 /)
      assert.match(stream.body, /^:ok\n\nretry: \d+\n\n$/)
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
      keys.instead = undefined
      assert.equal((await publish(headers)).status, 200)
    })

    it('count as soon as the set has them, by any name, and no more when it has not', async () => {
      assert.deepEqual(await everywhere(await of(a)), [200])
      keys.pairs = [other, b]
      const nameless = bearer(await sign(ALL, b.privateKey, { alg: b.alg }))
      assert.deepEqual(await everywhere(nameless), [200])
      assert.deepEqual(await everywhere(await of(other)), [200])
      assert.deepEqual(await everywhere(await of(a)), [401])
    })

    it('are not asked for each time where nobody knows the key', async () => {
      const { requests } = keys
      const unknown = await Promise.all(Array.from({ length: 30 }, (_, i) => of(a, `kid ${i}`)))
      const begun = performance.now()
      const answers = await Promise.all(unknown.map((headers) => read(headers)))
      assert.ok(answers.every(({ status }) => status === 401))
      const limit = workers * (2 + (performance.now() - begun) / 1000)
      assert.ok(keys.requests - requests <= limit, `${keys.requests - requests} requests`)
    })

    it('go on to count while the URL is away', async () => {
      keys.stop()
      assert.deepEqual(await everywhere(await of(a)), [401])
      assert.deepEqual(await everywhere(await of(other)), [200])
    })
  })

  describe('at a URL, for some algorithms only', () => {
    let keys: KeyServer

    startOnce(async () => {
      keys = await KeyServer.start(rs, es)
      return { jwksUrl: keys.url, algorithms: ['HS256', 'ES256'] }
    })
    after(() => keys.stop())

    it('are asked for once, by each process, for many who come at once', async () => {
      assert.deepEqual(await everywhere(await of(es)), [200])
      assert.equal(keys.requests, workers)
    })

    it('verify by those, whatever keys the set has', async () => {
      assert.equal((await read(await of(es))).status, 200)
      assert.equal((await read(await of(rs))).status, 401)
    })

    it('are no secrets that the set tells everybody, nor the set itself', async () => {
      const k = Buffer.from(SECRET).toString('base64url')
      const set = JSON.stringify({ keys: [{ kty: 'oct', k, alg: 'HS256', kid: 'a' }] })
      keys.instead = { status: 200, body: set }
      const { requests } = keys
      const texts = [SECRET, set].map((secret) => forged({ alg: 'HS256', kid: 'a' }, secret))
      const answers = await Promise.all(texts.map((text) => read(bearer(text))))
      assert.ok(answers.every(({ status }) => status === 401))
      assert.ok(keys.requests > requests)
    })
  })
})
