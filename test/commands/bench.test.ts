import assert from 'node:assert/strict'
import { makeCertificate } from '../helpers/certificate.js'
import { bash, cli, startCli } from '../helpers/cli.js'
import { FakeHub } from '../helpers/fake-hub.js'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { UnfaithfulServer } from '../helpers/unfaithful-server.js'

describe('ssehub bench', () => {
  let hub: RunningHub
  beforeEach(async () => {
    hub = await startHub()
  })
  afterEach(() => hub.hub.stop())

  const bench = (line: string, url = hub.url) => cli(['bench', ...line.split(' '), '--url', url])

  it('prints what it measured, and that nothing was lost', async () => {
    const { code, stdout, stderr } = await bench(
      '--subscribers 20 --events 50 --storm 5 --storm-events 20',
    )
    assert.equal(code, 0)
    assert.equal(stderr, '')
    const [title, , ...lines] = stdout.trimEnd().split('\n')
    assert.equal(title, '20 subscribers, 1 channel, 1 publisher: 50 events of 100 bytes')
    const rows = lines.map((line) => line.replaceAll(/[\d.,]+/g, '#'))
    const latency = '  latency  p# # ms# p# # p# # p# # max #'
    assert.deepEqual(
      rows.filter((row) => !/^ {2}(cpu|memory)/.test(row)),
      [
        'connected  # in # s# # a second',
        latency,
        'published  # in # s# # a second',
        latency,
        'delivered  # in # s# # a second',
        latency,
        'resumed    # clients in # s# # events# # a second',
        latency,
        'verdict    ok: each once and in order; of # deliveries',
      ],
    )
    assert.match(stdout, /; of 1,100 deliveries\n$/)
  })

  it('prints one JSON value with --json, and names and values with --csv', async () => {
    const small = '--subscribers 2 --events 3 --channels 2'
    const [json, csv] = await Promise.all([bench(`${small} --json`), bench(`${small} --csv`)])
    const result = JSON.parse(json.stdout)
    assert.equal(result.delivered.count, 3)
    assert.deepEqual([result.storm, result.verdict.ok], [null, true])
    const [names = [], values = [], ...rest] = csv.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','))
    assert.equal(names.length, values.length)
    assert.deepEqual(rest, [])
    assert.equal(values[names.indexOf('delivered.count')], '3')
    assert.equal(values[names.indexOf('verdict.ok')], 'true')
    assert.ok(names.includes('storm.latency.p99_9') && names.includes('memory.perSubscriber'))
  })

  it('ends with 1 when events are lost, and says how many', async () => {
    const server = await UnfaithfulServer.start(({ frame }, count) => (count === 2 ? [] : [frame]))
    const { code, stdout } = await bench('--subscribers 2 --events 4', server.url)
    await server.stop()
    assert.equal(code, 1)
    assert.match(stdout, /\nverdict +FAILED: 2 lost, 2 subscribers affected; of 8 deliveries\n$/)
  })

  it('loads any server, by URLs and a body of its own', async () => {
    const { code } = await cli([
      ...['bench', '--subscribers', '2', '--events', '3', '--channel', 'news/one'],
      ...['--subscribe-url', `${hub.url}/{channel}?filterevent=a`],
      ...['--publish-url', `${hub.url}/{channel}`, '--header', 'X-Any: thing'],
      ...['--body', '{"event":"a","data":"{data}","to":"{channel}"}'],
    ])
    assert.equal(code, 0)
    const { channels } = await hub.stats()
    assert.deepEqual(
      channels.map(({ id, broadcasted_events: events }) => [id, events]),
      [['news/one', 3]],
    )
  })

  it('speaks TLS, with those that it trusts', async () => {
    const certificate = await makeCertificate()
    const server = await UnfaithfulServer.start(({ frame }) => [frame], certificate)
    const args = ['bench', '--subscribers', '2', '--events', '3', '--size', '50000']
    const [trusted, named, other] = await Promise.all([
      cli([...args, '--url', server.url], { env: { NODE_EXTRA_CA_CERTS: certificate.ca } }),
      cli([...args, '--url', server.url, '--ca', certificate.ca]),
      cli([...args, '--url', server.url]),
    ])
    await server.stop()
    assert.deepEqual([trusted.code, trusted.stderr], [0, ''])
    assert.deepEqual([named.code, named.stderr], [0, ''])
    assert.equal(other.code, 4)
    assert.match(other.stderr, /is not trusted \(.*\); name the file of its authority with --ca/)
  })

  it('ends with 130 when it is interrupted, and prints what it has', async () => {
    const running = startCli([
      'bench',
      '--duration',
      '600',
      '--rate',
      '50',
      '--json',
      '--url',
      hub.url,
    ])
    const { channel } = await firstEvent(hub)
    assert.match(channel, /^bench-[0-9a-f]{6}-0$/)
    const { code, stdout, stderr } = await running.end()
    assert.deepEqual([code, stderr], [130, ''])
    const { interrupted, published, verdict } = JSON.parse(stdout)
    assert.deepEqual([interrupted, verdict.ok], [true, true])
    assert.ok(published.count > 0)
  })

  it('ends with 3 when the hub refuses, with 1 when it is none', async () => {
    const fake = await FakeHub.start()
    const [refused, unread, other] = await Promise.all([
      bench('--channel none', fake.url),
      bench('--channel refused --subscribers 0', fake.url),
      bench('--channel not-a-stream', fake.url),
    ])
    assert.equal(refused.code, 3)
    assert.equal(refused.stderr, 'ssehub: the hub refused: Channel does not exist. (404)\n')
    assert.equal(unread.code, 3)
    assert.match(unread.stderr, /refused: invalid event/)
    assert.equal(other.code, 1)
    assert.match(other.stderr, /not an event stream/)
    await fake.stop()
  })

  it('fails where a process of it cannot be started', async () => {
    const { stdout, stderr } = await bash(
      `ulimit -n 60; ssehub bench --subscribers 64 --processes 64 --url ${hub.url}; echo $?`,
    )
    assert.equal(stdout, '1\n')
    assert.match(stderr, /^ssehub: a process of the bench failed: .*EMFILE\n$/)
  })

  it('is used wrongly with what cannot be', async () => {
    const uses = [
      '--size 5',
      '--channels 0',
      '--subscribers -1',
      '--channel a --channels 2',
      '--body {}',
      '--header x',
      '--subscribe-url nowhere',
      '--publish-url http://127.0.0.1:1/fixed --channels 2',
      '--storm 5 --events 100 --storm-events 100',
      '--storm 5 --subscribers 0',
      '--subscribers 9000000000 --processes 1',
      '--json --csv',
    ]
    for (const [index, end] of (await Promise.all(uses.map((use) => bench(use)))).entries()) {
      assert.equal(end.code, 2, `${uses[index]}: ${end.stderr}`)
    }
    const { stderr } = await bench('--subscribers 9000000000 --processes 1')
    assert.match(stderr, /a process may open \d+ files here.*ulimit -n/)
  })
})

/** Resolves with the channel of the first event that the hub is sent. */
async function firstEvent(hub: RunningHub): Promise<{ channel: string }> {
  for (;;) {
    const { channels } = await hub.stats()
    const used = channels.find(({ broadcasted_events: events }) => events > 0)
    if (used) return { channel: used.id }
  }
}
