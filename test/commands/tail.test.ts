import assert from 'node:assert/strict'
import { bash, cli, startCli } from '../helpers/cli.js'
import { FakeHub } from '../helpers/fake-hub.js'

describe('ssehub tail', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  const tail = (...args: string[]) => cli(['tail', ...args, '--url', hub.url])
  const follow = (...args: string[]) => startCli(['tail', ...args, '--url', hub.url])

  it('prints id, type and data, and ends after so many events', async () => {
    assert.deepEqual(await tail('three', '--count', '3'), {
      code: 0,
      stdout: '1  message  one\n-  note  two\n3  message  thr\n    ee\n',
      stderr: '',
    })
  })

  it('prints one JSON value for each event with --json', async () => {
    const { stdout } = await tail('three', '--count', '3', '--json')
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        { id: '1', event: 'message', data: 'one' },
        { id: null, event: 'note', data: 'two' },
        { id: '3', event: 'message', data: 'thr\nee' },
      ],
    )
  })

  it('asks the hub for what it is asked for', async () => {
    await tail('--event', 'a', 'three', '--event', 'b', '--last-id', '5', '--count', '1')
    await tail('three', '--all', '--count', '1')
    assert.equal(hub.calls[0]?.url, '/three?filterevent=a&filterevent=b')
    assert.equal(hub.calls[0]?.headers['last-event-id'], '5')
    assert.equal(hub.calls[1]?.url, '/three?getcache=1')
  })

  it('shows what was missed, without counting that as an event', async () => {
    const { stdout } = await tail('gap', '--count', '1')
    assert.equal(
      stdout,
      'gap: the hub does not know the id 5; the history goes from id 17 to 40\n17  message  first held\n',
    )
  })

  it('makes control characters of a publisher harmless, except in JSON', async () => {
    const human = await tail('escapes', '--count', '1')
    assert.equal(human.stdout, '-  message  \\x1b[2Jgone\\x07\n')
    const json = await tail('escapes', '--count', '1', '--json')
    assert.equal(JSON.parse(json.stdout).data, '\x1b[2Jgone\x07')
  })

  it('goes on after a restart of the hub from its last id, telling so on standard error', async () => {
    const running = follow('counter', '--json')
    await running.shows(/event 1/)
    await hub.stop()
    hub = await FakeHub.start(hub.port)
    await running.shows(/event 2/)
    await running.shows(/connected again, going on after id 1/, 'stderr')
    const { stdout } = await running.end()
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
      ['1', '2'],
    )
    assert.equal(hub.calls[0]?.headers['last-event-id'], '1')
  })

  it('goes on when a proxy answers 503 for a while', async () => {
    const { code, stdout } = await tail('proxied-for-a-while', '--count', '2')
    assert.equal(code, 0)
    assert.equal(stdout, '1  message  event 1\n2  message  event 2\n')
  })

  it('ends with 0 when its time is over, but with 1 when events are still to come', async () => {
    const [over, short] = await Promise.all([
      tail('three', '--timeout', '1'),
      tail('three', '--timeout', '1', '--count', '4'),
    ])
    assert.equal(over.code, 0)
    assert.equal(short.code, 1)
    assert.match(short.stderr, /^ssehub: [0-3] of 4 events came in 1 s\n$/)
  })

  it('ends quietly when its reader has gone', async () => {
    const { stdout, stderr } = await bash(
      `ssehub tail endless --url ${hub.url} | head -n 2; echo "$\{PIPESTATUS[0]}"`,
    )
    assert.equal(stdout, '-  message  more\n-  message  more\n0\n')
    assert.equal(stderr, '')
  })

  it('ends when its reader has gone, though no further event comes', async function () {
    if (process.platform !== 'linux') {
      process.stderr.write('skipped: only on Linux a command can see its reader go\n')
      this.skip()
    }
    // The reader goes only when all that there is has been written.
    const { stdout } = await bash(
      `ssehub tail three --url ${hub.url} | (for n in 1 2 3 4; do read -r line; done)
      echo "$\{PIPESTATUS[0]}"`,
    )
    assert.equal(stdout, '0\n')
  })

  it('is used wrongly with flags that exclude each other or cannot be', async () => {
    const uses = [
      ['three', '--all', '--last-id', '5'],
      ['three', '--count', '0'],
      ['three', '--timeout', '0'],
      ['three', '--timeout', ''],
      ['three', '--last-id', 'a\nb'],
      [],
    ]
    for (const { code, stdout, stderr } of await Promise.all(uses.map((args) => tail(...args)))) {
      assert.equal(code, 2, stderr)
      assert.equal(stdout, '')
    }
    assert.equal(hub.calls.length, 0)
  })
})
