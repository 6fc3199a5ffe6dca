import assert from 'node:assert/strict'
import { once } from 'node:events'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { answerOf, type HubClient } from '../helpers/hub-client.js'
import { hubOfBlock } from '../helpers/hub-of-block.js'

const settings = (trustedProxies: readonly string[]) => ({
  server: { trustedProxies },
  default: { restrictPublish: ['203.0.113.0/24'] },
  channels: [
    { path: 'local', restrictPublish: ['127.0.0.1'] },
    { path: 'all', restrictPublish: ['0.0.0.0/0', '::/0'] },
  ],
})

const chained = (chain: string) => ({ 'X-Forwarded-For': chain })

/** What a publisher is answered. */
async function publish(hub: HubClient, channel: string, headers: Record<string, string>) {
  const answer = await hub.publish(channel, { id: 1, data: 'x' }, { headers })
  return { status: answer.status, message: (await answerOf(answer)).message }
}

forWorkers('behind a proxy', (startHub) => {
  let wary: StartedHub
  let trusting: StartedHub

  before(async () => {
    const trusted = settings(['127.0.0.0/8', '198.51.100.9'])
    ;[wary, trusting] = await Promise.all([startHub(settings([])), startHub(trusted)])
  })
  after(() => Promise.all([wary.hub.stop(), trusting.hub.stop()]))

  it('nobody is believed whom he speaks for, unless he is trusted', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.7', Forwarded: 'for=203.0.113.7' }
    assert.equal((await publish(wary, 'test', headers)).status, 403)
    assert.equal((await publish(wary, 'local', headers)).status, 200)
    assert.equal((await publish(wary, 'local', { 'X-Forwarded-For': 'junk' })).status, 200)
  })

  it('the address that a trusted proxy names is judged, and told', async () => {
    const from = (chain: string) => publish(trusting, 'test', chained(chain))
    assert.equal((await from('203.0.113.7')).status, 200)
    assert.equal((await from('203.0.113.8, 198.51.100.9')).status, 200)
    assert.equal(
      (await publish(trusting, 'test', { Forwarded: 'for="203.0.113.9:80"' })).status,
      200,
    )
    const spoof = await from('203.0.113.7, 192.0.2.66')
    assert.equal(spoof.status, 403)
    assert.match(spoof.message, /^192\.0\.2\.66 may not publish/)
    assert.equal(
      (await publish(trusting, 'local', { 'X-Forwarded-For': '127.0.0.1, 9.9.9.9' })).status,
      403,
    )
  })

  it('what is unclear is refused, where all addresses may publish too', async () => {
    for (const headers of [
      { 'X-Forwarded-For': 'garbage' },
      { 'X-Forwarded-For': '203.0.113.7, unknown' },
      { 'X-Forwarded-For': '' },
      { Forwarded: 'for=_hidden' },
      { Forwarded: 'for=203.0.113.7', 'X-Forwarded-For': '203.0.113.8' },
    ]) {
      const { status, message } = await publish(trusting, 'all', headers as Record<string, string>)
      assert.deepEqual([status, /cannot be told/.test(message)], [403, true], String(headers))
    }
  })

  it('a header that comes twice is read as one', async () => {
    const post = (...chain: string[]) => {
      const lines = chain.map((hop) => `X-Forwarded-For: ${hop}\r\n`).join('')
      return trusting.raw(
        `POST /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n${lines}\r\n{"data":"x"}`,
      )
    }
    assert.match(await post('9.9.9.9', '203.0.113.7'), /^HTTP\/1.1 200 /)
    assert.match(await post('203.0.113.7', '9.9.9.9'), /^HTTP\/1.1 403 /)
  })
})

forWorkers('the log, behind a proxy', (_, workers) => {
  const { server, ...more } = settings(['127.0.0.0/8'])
  const own = hubOfBlock({ server: { ...server, workers }, ...more })

  it('has the address that the proxy names, or that it names none', async () => {
    const { hub } = own
    await publish(hub, 'test', chained('203.0.113.7'))
    await publish(hub, 'test', { Forwarded: 'for="203.0.113.9:80"' })
    await publish(hub, 'test', chained('203.0.113.7, 192.0.2.66'))
    await publish(hub, 'all', chained('garbage'))
    const ofChannels = () => hub.log.filter(({ channel }) => channel !== undefined)
    await hub.logs(() => ofChannels().length === 4)
    assert.deepEqual(
      new Set(ofChannels().map(({ channel, address }) => `${channel} ${address}`)),
      new Set(['test 203.0.113.7', 'test 203.0.113.9', 'test 192.0.2.66', 'all null']),
    )
  })

  it('does not blame a proxy for clients that go before they are heard', async () => {
    const { hub } = own
    const refusals = (name: string) =>
      hub.log.filter(({ channel, reason }) => channel === name && reason !== undefined).length
    const [all, test] = [refusals('all'), refusals('test')]
    for (let count = 0; count < 20; count += 1) {
      const socket = hub.connect()
      await once(socket, 'connect')
      socket.write('POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data"')
      socket.resetAndDestroy()
    }
    await publish(hub, 'test', chained('192.0.2.66'))
    await hub.logs(() => refusals('test') > test)
    assert.equal(refusals('all'), all)
  })
})
