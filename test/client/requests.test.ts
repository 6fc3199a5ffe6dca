import assert from 'node:assert/strict'
import { fetchHistory } from '../../src/client/history.js'
import { publish } from '../../src/client/publish.js'
import { fetchStats, watchStats } from '../../src/client/stats.js'
import { HubError } from '../../src/errors.js'
import { FakeHub } from '../helpers/fake-hub.js'

describe('a request to a hub', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  const publishTo = (channel: string) =>
    publish(hub.url, channel, { data: 'x' }, { timeout: 30_000 })

  it('publishes an event as JSON, and tells what became of it', async () => {
    const event = { data: { on: true }, id: 5, event: 'state', retry: 900 }
    const published = await publish(hub.url, 'news/más', event)

    assert.deepEqual(published, { channel: 'news/más', id: '5', sequence: 1, subscribers: 3 })
    const [call] = hub.callsTo('/news/m%C3%A1s')
    assert.equal(call?.method, 'POST')
    assert.equal(call?.headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(call?.body ?? ''), event)
  })

  it('passes an event that is text on as it is', async () => {
    const text = '{"data": 1, "id": 12345678901234567890}'
    await publish(hub.url, 'test', text)
    assert.equal(hub.calls[0]?.body, text)
  })

  it('reads figures and histories, under a path prefix too', async () => {
    assert.equal((await fetchStats(hub.url)).global.clients, 3)
    assert.equal((await fetchHistory(hub.url, 'test')).events[0]?.id, '12345678901234567890')
    await assert.rejects(fetchStats(`${hub.url}/prefix/`), { code: 'HUB_REFUSED' })
    assert.equal(hub.calls.at(-1)?.url, '/prefix/stats')
  })

  it("fails with the hub's own words when it refuses", async () => {
    await assert.rejects(publishTo('refused'), {
      code: 'HUB_REFUSED',
      message: 'the hub refused: invalid event: "data" is missing (400)',
    })
    await assert.rejects(fetchHistory(hub.url, 'none'), /Channel does not exist\. \(404\)/)
  })

  it('fails when the hub does, or a proxy in its place', async () => {
    const code = 'HUB_FAILED'
    await assert.rejects(publishTo('failing'), { code, message: /see its log \(500\)/ })
    await assert.rejects(publishTo('proxied'), { code, message: /Service Unavailable \(503\)/ })
  })

  it('does not follow a redirect, which would lose the event', async () => {
    const message = /moved to https:\/\/else\.test\/ \(301\)/
    await assert.rejects(publishTo('moved'), { code: 'HUB_FAILED', message })
  })

  it('fails when what answers is not a hub', async () => {
    await assert.rejects(publishTo('not-a-hub'), { code: 'HUB_FAILED', message: /not .* a hub/ })
  })

  it('does not wait for the end of what no hub sends', async () => {
    const patient = { timeout: 60_000 }
    const stats = fetchStats(`${hub.url}/three`, patient)
    await assert.rejects(stats, { code: 'HUB_FAILED', message: /three\/stats .*not .* a hub/ })
    const publishTo = (channel: string) => publish(hub.url, channel, { data: 'x' }, patient)
    await assert.rejects(publishTo('page'), { code: 'HUB_FAILED', message: /not .* a hub/ })
    await assert.rejects(publishTo('login'), { code: 'HUB_REFUSED', message: /Unauthorized/ })
  })

  it('fails when no answer comes, or not all of it', async () => {
    const code = 'HUB_UNREACHABLE'
    const message = /; it may have published the event all the same$/
    await assert.rejects(publishTo('resets'), { code, message })
    for (const channel of ['hangs', 'hangs-midway']) {
      await assert.rejects(publish(hub.url, channel, { data: 'x' }, { timeout: 50 }), {
        code,
        message: /\(nothing for 50 ms\); it may have published/,
      })
    }
  })

  it('says why and where, when no hub is there', async () => {
    const gone = await FakeHub.start()
    await gone.stop()
    await assert.rejects(fetchStats(gone.url), {
      code: 'HUB_UNREACHABLE',
      message: `no answer from a hub at ${gone.url} (ECONNREFUSED); check that it runs and that the URL is right`,
    })
  })

  it('ends when its signal says so, with what the signal says', async () => {
    const given = new AbortController()
    const request = publish(hub.url, 'hangs', { data: 'x' }, { signal: given.signal })
    await hub.waitForCalls('/hangs', 1)
    given.abort(new Error('enough'))
    await assert.rejects(request, /enough/)
  })

  it('is rejected, never thrown, for what cannot be asked', async () => {
    const circular: { data?: unknown } = {}
    circular.data = circular
    const refused: [Promise<unknown>, string][] = [
      [publish(hub.url, '-/test', { data: 1 }), 'INVALID_CHANNEL'],
      [publish(hub.url, 'test', { data: circular }), 'INVALID_EVENT'],
      [publish('nonsense', 'test', { data: 1 }), 'INVALID_CONFIG'],
      [fetchHistory(hub.url, '..'), 'INVALID_CHANNEL'],
      [fetchStats('nonsense'), 'INVALID_CONFIG'],
    ]
    for (const [request, code] of refused) await assert.rejects(request, { code })
    assert.equal(hub.calls.length, 0)
  })

  it('stops watching figures when its signal says so, however long the interval', async () => {
    const given = new AbortController()
    const watch = watchStats(hub.url, 600_000, { signal: given.signal })
    await watch.next()
    const next = watch.next()
    given.abort(new Error('enough'))
    await assert.rejects(next, /enough/)
  })

  it('survives the absence of the hub when it watches its figures', async () => {
    const watch = watchStats(hub.url, 1)
    await watch.next()
    await hub.stop()
    assert.equal(((await watch.next()).value as HubError).code, 'HUB_UNREACHABLE')
    hub = await FakeHub.start(hub.port)
    let seen = (await watch.next()).value
    while (seen instanceof HubError) seen = (await watch.next()).value
    assert.equal(seen?.channels[0]?.total_connects, 1)
    await watch.return()
  })
})
