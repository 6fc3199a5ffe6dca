import assert from 'node:assert/strict'
import { bash, cli, startCli } from '../helpers/cli.js'
import { FakeHub } from '../helpers/fake-hub.js'

describe('ssehub stats', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  it('prints the figures as tables', async () => {
    const { code, stdout, stderr } = await cli(['stats', '--url', hub.url])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    assert.equal(
      stdout,
      [
        'uptime    00:01:40',
        'clients          3',
        'events        1200',
        'channels         2',
        '',
        'channel     clients  events  connects',
        'news/sport        3    1195         1',
        'a                 0       5        10',
        '',
      ].join('\n'),
    )
  })

  it("prints the hub's JSON as one value with --json", async () => {
    const { stdout } = await cli(['stats', '--json', '--url', hub.url])
    assert.equal(JSON.parse(stdout).global.broadcasted_events, 1200)
  })

  it('prints one JSON value after another with --watch --json, while the hub is away too', async () => {
    const watch = startCli(['stats', '--watch', '--interval', '0.01', '--json', '--url', hub.url])
    await watch.shows(/\n.*\n/)
    await hub.stop()
    await watch.shows(/no answer from a hub/, 'stderr')
    hub = await FakeHub.start(hub.port)
    await hub.waitForCalls('/stats', 2)
    const { code, stdout } = await watch.end()
    assert.equal(code, 130)
    for (const line of stdout.trimEnd().split('\n'))
      assert.equal(JSON.parse(line).global.clients, 3)
  })

  it('prints one table after another into a pipe with --watch, and no control characters', async () => {
    const watch = startCli(['stats', '--watch', '--interval', '0.01', '--url', hub.url])
    await watch.shows(/uptime.*\n\nuptime/s)
    assert.equal((await watch.end()).stdout.includes('\x1b'), false)
  })

  it('ends quietly when its reader has gone', async () => {
    const { stdout, stderr } = await bash(
      `ssehub stats --watch --interval 0.01 --url ${hub.url} | head -n 1; echo "$\{PIPESTATUS[0]}"`,
    )
    assert.equal(stdout, 'uptime    00:01:40\n0\n')
    assert.equal(stderr, '')
  })

  it('ends when its reader has gone, long before it would show more', async function () {
    if (process.platform !== 'linux') {
      process.stderr.write('skipped: only on Linux a command can see its reader go\n')
      this.skip()
    }
    const { stdout } = await bash(
      `ssehub stats --watch --interval 600 --url ${hub.url} | head -n 1; echo "$\{PIPESTATUS[0]}"`,
    )
    assert.equal(stdout, 'uptime    00:01:40\n0\n')
  })

  it('is used wrongly with an interval and nothing to watch', async () => {
    assert.equal((await cli(['stats', '--interval', '5', '--url', hub.url])).code, 2)
  })
})
