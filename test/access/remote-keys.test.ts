import assert from 'node:assert/strict'
import { pino } from 'pino'
import { RemoteKeys } from '../../src/access/remote-keys.js'
import { KeyServer, makePair } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

describe('keys at a URL', () => {
  const MINUTE = 60_000
  const a = makePair('EdDSA', 'a')
  const b = makePair('EdDSA', 'b')
  let server: KeyServer
  let now: number
  let keys: RemoteKeys

  const names = async () => (await keys.keys()).map(({ kid }) => kid)
  /** From now on its answers are held back, until that is called. */
  const hold = () => {
    let release = () => {}
    server.answering = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  beforeEach(async () => {
    now = 0
    server = await KeyServer.start(a)
    const logger = pino({ level: 'silent' })
    keys = new RemoteKeys(server.url, { logger, now: () => now, coolDown: 0 })
    assert.deepEqual(await names(), ['a'])
  })

  afterEach(() => server.stop())

  it('that are old are used while they are fetched again, however long that takes', async () => {
    const release = hold()
    server.pairs = [a, b]
    now = 11 * MINUTE
    const begun = performance.now()
    for (let count = 0; count < 3; count += 1) assert.deepEqual(await names(), ['a'])
    assert.ok(performance.now() - begun < 3000)
    await until(() => server.requests === 2)
    release()
    await until(async () => (await keys.keys()).length === 2)
    assert.equal(server.requests, 2)
  })

  it('are not used any more where nobody has looked for them for long', async () => {
    server.pairs = [b]
    now = 21 * MINUTE
    assert.deepEqual(await names(), ['b'])
  })

  it('stay where the URL has none that are good', async () => {
    for (const instead of [
      { status: 500, body: '' },
      { status: 200, body: '<html>' },
      { status: 200, body: '{"keys":{}}' },
      { status: 200, body: JSON.stringify({ keys: [], padding: 'x'.repeat(2_000_000) }) },
    ]) {
      server.instead = instead
      const { requests } = server
      await keys.renew()
      assert.deepEqual([server.requests, await names()], [requests + 1, ['a']])
    }
  })

  it('have those wait who bring a key that is not known', async () => {
    const release = hold()
    server.pairs = [a, b]
    const renewed = keys.renew()
    await until(() => server.requests === 2)
    assert.deepEqual(await names(), ['a'])
    release()
    await renewed
    assert.deepEqual(await names(), ['a', 'b'])
  })
})
