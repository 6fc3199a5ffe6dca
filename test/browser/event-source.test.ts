import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { makeCertificate } from '../helpers/certificate.js'
import { findChromium } from '../helpers/chromium.js'
import { type RunningHub, startHub } from '../helpers/hub.js'

/** What a page collects of a stream. */
interface Seen {
  readonly ids: string[]
  readonly data: string[]
  readonly opens: number
  readonly isClosed: boolean
}

/** Clients are told to come back after a second, not after up to five. */
const SOON = { random: () => 0 }

describe('EventSource of a real browser', function () {
  this.timeout(120_000)

  let browser: Browser
  let site: Server
  let origin: string
  let page: Page
  let hub: RunningHub

  before(async function () {
    this.timeout(600_000)
    const executablePath = findChromium()
    if (!executablePath) {
      process.stderr.write(
        'browser tests are skipped: there is no Chromium here; name one in SSEHUB_TEST_CHROMIUM\n',
      )
      this.skip()
    }
    browser = await chromium.launch({
      executablePath,
      timeout: 120_000,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    site = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>a page</title>')
    }).listen(0, '127.0.0.1')
    await new Promise((listening) => site.once('listening', listening))
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  })

  beforeEach(async () => {
    page = await browser.newPage()
    await page.goto(origin)
  })

  afterEach(async () => {
    await page.close()
    await hub?.hub.stop()
  })

  after(async () => {
    await browser?.close()
    site?.close()
  })

  const follow = (url: string) =>
    page.evaluate((url) => {
      const scope = globalThis as unknown as { seen: Seen }
      const seen = { ids: [] as string[], data: [] as string[], opens: 0, isClosed: false }
      scope.seen = seen
      const source = new EventSource(url)
      source.onopen = () => {
        seen.opens += 1
      }
      source.onerror = () => {
        seen.isClosed = source.readyState === EventSource.CLOSED
      }
      for (const type of ['message', 'news', 'ssehub.gap']) {
        source.addEventListener(type, (event) => {
          const { lastEventId, data } = event as unknown as { lastEventId: string; data: string }
          seen.ids.push(lastEventId)
          seen.data.push(data)
        })
      }
    }, url)

  const until = (expression: string) => page.waitForFunction(expression, null, { timeout: 60_000 })
  const seen = () => page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen)

  it('shows a page of another origin what is published, and resumes after a restart', async () => {
    hub = await startHub({}, SOON)
    await follow(`${hub.url}/test`)
    await until('seen.opens === 1')
    await hub.publish('test', { id: 'a b', event: 'news', data: 'one\ntwo' })
    await until('seen.data.length === 1')
    const { port } = hub
    await hub.hub.stop()
    hub = await startHub({ server: { port } }, SOON)
    await hub.publish('test', { id: 'a b', data: 'again' })
    await hub.publish('test', { id: 'c', data: 'missed' })
    await until('seen.data.length === 2')
    const { ids, data, opens } = await seen()
    assert.deepEqual([ids, data, opens], [['a b', 'c'], ['one\ntwo', 'missed'], 2])
  })

  it('is told of what it missed when the hub has forgotten its last id', async () => {
    hub = await startHub({}, SOON)
    await follow(`${hub.url}/test`)
    await until('seen.opens === 1')
    await hub.publish('test', { id: 'old', data: 'x' })
    await until('seen.data.length === 1')
    const { port } = hub
    await hub.hub.stop()
    hub = await startHub({ server: { port } }, SOON)
    await until('seen.data.length === 2')
    const { ids, data } = await seen()
    assert.equal(JSON.parse(data[1] ?? '').reason, 'unknown-id')
    assert.equal(ids[1], 'old', 'a gap event leaves the last id as it is')
  })

  it('resumes with a long id, for which the browser asks leave first', async () => {
    hub = await startHub({ default: { allowedOrigins: [origin] } }, SOON)
    const id = `"<${'x'.repeat(126)}`
    await follow(`${hub.url}/test`)
    await until('seen.opens === 1')
    await hub.publish('test', { id, data: 'x' })
    await until('seen.data.length === 1')
    const { port } = hub
    await hub.hub.stop()
    hub = await startHub({ server: { port }, default: { allowedOrigins: [origin] } })
    await hub.publish('test', { id, data: 'first' })
    await hub.publish('test', { id: 'b', data: 'second' })
    await until('seen.data.length === 2')
    assert.deepEqual((await seen()).data, ['x', 'second'])
  })

  it('shows nothing to a page whose origin is not allowed', async () => {
    hub = await startHub({ default: { allowedOrigins: ['http://127.0.0.1'] } })
    await follow(`${hub.url}/test`)
    await until('seen.isClosed')
    assert.equal((await seen()).opens, 0)
  })

  it('has far more than six streams at once over HTTP/2', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    hub = await startHub({}, SOON, await makeCertificate())
    const other = await context.newPage()
    await other.goto(hub.url)
    await other.evaluate((url) => {
      const scope = globalThis as unknown as { opens: number; data: string[] }
      Object.assign(scope, { opens: 0, data: [] })
      for (let count = 0; count < 30; count += 1) {
        const source = new EventSource(`${url}/test`)
        source.onopen = () => {
          scope.opens += 1
        }
        source.onmessage = ({ data }) => scope.data.push(data)
      }
    }, hub.url)
    const until = (expression: string) =>
      other.waitForFunction(expression, null, { timeout: 60_000 })
    await until('opens === 30')
    await hub.publish('test', { data: 'x' })
    await until('data.length === 30')
    await context.close()
  })
})
