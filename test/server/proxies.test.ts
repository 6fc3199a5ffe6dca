import assert from 'node:assert/strict'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'
import { TestLog } from '../helpers/log.js'

describe('behind a proxy', () => {
  let hub: RunningHub | undefined
  let log: TestLog

  afterEach(() => hub?.hub.stop())

  const start = async (trustedProxies?: string[]) => {
    log = new TestLog()
    hub = await startHub(
      {
        server: { ...(trustedProxies && { trustedProxies }) },
        default: { restrictPublish: ['203.0.113.0/24'] },
        channels: [
          { path: 'local', restrictPublish: ['127.0.0.1'] },
          { path: 'all', restrictPublish: ['0.0.0.0/0', '::/0'] },
        ],
      },
      { logger: log.logger },
    )
    return async (channel: string, headers: Record<string, string> = {}) => {
      const answer = await (hub as RunningHub).publish(channel, { id: 1, data: 'x' }, { headers })
      return { status: answer.status, message: (await answerOf(answer)).message }
    }
  }

  const logged = () =>
    log.lines
      .map((line) => JSON.parse(line) as { channel?: string; address?: string | null })
      .filter(({ channel }) => channel !== undefined)
      .map(({ channel, address }) => [channel, address])

  it('nobody is believed whom he speaks for, unless he is trusted', async () => {
    const publish = await start()
    const headers = { 'X-Forwarded-For': '203.0.113.7', Forwarded: 'for=203.0.113.7' }
    assert.equal((await publish('test', headers)).status, 403)
    assert.equal((await publish('local', headers)).status, 200)
    assert.equal((await publish('local', { 'X-Forwarded-For': 'junk' })).status, 200)
  })

  it('the address that a trusted proxy names is judged, told and logged', async () => {
    const publish = await start(['127.0.0.0/8', '198.51.100.9'])
    const from = (chain: string) => publish('test', { 'X-Forwarded-For': chain })
    assert.equal((await from('203.0.113.7')).status, 200)
    assert.equal((await from('203.0.113.8, 198.51.100.9')).status, 200)
    assert.equal((await publish('test', { Forwarded: 'for="203.0.113.9:80"' })).status, 200)
    const spoof = await from('203.0.113.7, 192.0.2.66')
    assert.equal(spoof.status, 403)
    assert.match(spoof.message, /^192\.0\.2\.66 may not publish/)
    assert.equal((await publish('local', { 'X-Forwarded-For': '127.0.0.1, 9.9.9.9' })).status, 403)
    assert.deepEqual(logged(), [
      ['test', '203.0.113.7'],
      ['test', '203.0.113.8'],
      ['test', '203.0.113.9'],
      ['test', '192.0.2.66'],
      ['local', '9.9.9.9'],
    ])
  })

  it('what is unclear is refused, where all addresses may publish too', async () => {
    const publish = await start(['127.0.0.1'])
    for (const headers of [
      { 'X-Forwarded-For': 'garbage' },
      { 'X-Forwarded-For': '203.0.113.7, unknown' },
      { 'X-Forwarded-For': '' },
      { Forwarded: 'for=_hidden' },
      { Forwarded: 'for=203.0.113.7', 'X-Forwarded-For': '203.0.113.8' },
    ]) {
      const { status, message } = await publish('all', headers as Record<string, string>)
      assert.deepEqual([status, /cannot be told/.test(message)], [403, true], String(headers))
    }
    assert.deepEqual(logged(), Array(5).fill(['all', null]))
  })

  it('a header that comes twice is read as one', async () => {
    await start(['127.0.0.1'])
    const publish = (...chain: string[]) => {
      const lines = chain.map((hop) => `X-Forwarded-For: ${hop}\r\n`).join('')
      return (hub as RunningHub).raw(
        `POST /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n${lines}\r\n{"data":"x"}`,
      )
    }
    assert.match(await publish('9.9.9.9', '203.0.113.7'), /^HTTP\/1.1 200 /)
    assert.match(await publish('203.0.113.7', '9.9.9.9'), /^HTTP\/1.1 403 /)
  })
})
