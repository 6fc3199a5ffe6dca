import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bash, type CliOptions, cli, startCli } from '../helpers/cli.js'
import { FakeHub } from '../helpers/fake-hub.js'
import { makeFolder } from '../helpers/folder.js'

describe('ssehub publish', () => {
  let hub: FakeHub
  let folder: string
  let clean: () => Promise<void>
  beforeEach(async () => {
    hub = await FakeHub.start()
    ;({ folder, clean } = await makeFolder())
  })
  afterEach(async () => {
    await hub.stop()
    await clean()
  })

  const publish = (args: string[], options: CliOptions = {}) =>
    cli(['publish', ...args], { ...options, env: { SSEHUB_URL: hub.url, ...options.env } })
  const bodies = () => hub.calls.map(({ body }) => body)
  const file = async (content: string | Buffer) => {
    const name = join(folder, 'event')
    await writeFile(name, content)
    return name
  }

  it('publishes data, and says what became of it', async () => {
    const end = await publish(['test', 'hello', '--id', '5', '--event', 'note', '--retry', '900'])
    assert.deepEqual(end, {
      code: 0,
      stdout: 'published to test: id 5, sequence 1, 3 subscribers\n',
      stderr: '',
    })
    assert.deepEqual(bodies(), ['{"data":"hello","id":"5","event":"note","retry":900}'])
  })

  it('publishes a whole event, with all digits of its id', async () => {
    const event = '{"id":12345678901234567890,"data":[1]}'
    assert.equal((await publish(['test', event])).code, 0)
    assert.equal((await publish(['test', event, '--event', 'note'])).code, 0)
    assert.deepEqual(bodies(), [event, '{"id":12345678901234567890,"data":[1],"event":"note"}'])
  })

  it('publishes what looks like an event as data with --raw', async () => {
    await publish(['test', '{"data":1}', '--raw'])
    assert.deepEqual(bodies(), ['{"data":"{\\"data\\":1}"}'])
  })

  it('publishes empty data, and data that begins with a dash', async () => {
    assert.equal((await publish(['test', ''])).code, 0)
    assert.equal((await publish(['test', '--', '--json'])).code, 0)
    assert.deepEqual(bodies(), ['{"data":""}', '{"data":"--json"}'])
  })

  it('says how many lines it has published when it is interrupted', async () => {
    const args = ['publish', 'hangs-at-the-third', '-', '--url', hub.url]
    const running = startCli(args, { input: 'a\nb\nc\nd\n' })
    await hub.waitForCalls('/hangs-at-the-third', 3)
    assert.deepEqual(await running.end('SIGINT'), {
      code: 130,
      stdout: '',
      stderr:
        'ssehub: interrupted: published 2 events; what was under way may have been published, too\n',
    })
  })

  it('publishes a file as it is', async () => {
    assert.equal((await publish(['test', '--file', await file('a\nb\n')])).code, 0)
    assert.equal((await publish(['test', '--file', await file('{"data":1}\n')])).code, 0)
    assert.deepEqual(bodies(), ['{"data":"a\\nb\\n"}', '{"data":1}\n'])
  })

  it('is used wrongly when the file is not there or not UTF-8', async () => {
    const none = await publish(['test', '--file', join(folder, 'none')])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /cannot read .*none: ENOENT/)
    const latin1 = await publish(['test', '--file', await file(Buffer.from([0xe9]))])
    assert.equal(latin1.code, 2)
    assert.match(latin1.stderr, /not valid UTF-8/)
  })

  it('prints nothing but JSON with --json', async () => {
    const { stdout, stderr } = await publish(['test', 'hello', '--json'])
    assert.equal(stdout, '{"channel":"test","id":null,"sequence":1,"subscribers":3}\n')
    assert.equal(stderr, '')
  })

  describe('from standard input', () => {
    it('publishes an event for each line, in order, and passes blank lines over', async () => {
      const input = 'one\r\n\n{"data":2,"id":12345678901234567890}\n  \nthree\u2028'
      const end = await publish(['test', '-'], { input })
      assert.deepEqual(end, { code: 0, stdout: 'published 3 events to test\n', stderr: '' })
      assert.deepEqual(bodies(), [
        '{"data":"one"}',
        '{"data":2,"id":12345678901234567890}',
        '{"data":"three\u2028"}',
      ])
    })

    it('publishes blank lines too with --raw', async () => {
      await publish(['test', '-', '--raw', '--event', 'note'], { input: '{"data":1}\n\n' })
      assert.deepEqual(bodies(), [
        '{"data":"{\\"data\\":1}","event":"note"}',
        '{"data":"","event":"note"}',
      ])
    })

    it('prints one JSON value for each event with --json', async () => {
      const { stdout } = await publish(['test', '-', '--json'], { input: 'a\nb\n' })
      const sequences = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).sequence)
      assert.deepEqual(sequences, [1, 2])
    })

    it('stops at the first failure, saying at which line and how many went before', async () => {
      const end = await publish(['refuses-the-third', '-'], { input: 'a\nb\n\nc\nd\n' })
      assert.equal(end.code, 3)
      assert.equal(end.stdout, '')
      assert.equal(
        end.stderr,
        'ssehub: line 4: the hub refused: it is too large (413); 2 published before it\n',
      )
      assert.equal(hub.calls.length, 3)
    })

    it('publishes all of it though nobody reads what is printed, and exits by how that went', async () => {
      // The lines after the first come when the reader has gone for certain.
      const publishTo = (channel: string) =>
        bash(
          `gone=${join(folder, channel)}
          (echo 0; until [ -e "$gone" ]; do sleep 0.02; done; seq 1 20) |
          ssehub publish ${channel} - --json |
          (head -n 1; exec 0<&-; touch "$gone")
          echo "$\{PIPESTATUS[1]}"`,
          { env: { SSEHUB_URL: hub.url } },
        )
      const end = await publishTo('test')
      assert.equal(end.stdout, '{"channel":"test","id":null,"sequence":1,"subscribers":3}\n0\n')
      assert.equal(end.stderr, '')
      const all = Array.from({ length: 21 }, (_, n) => `{"data":"${n}"}`)
      assert.deepEqual(bodies(), all)
      const refused = await publishTo('refuses-the-third')
      assert.match(refused.stdout, /\n3\n$/)
      assert.match(refused.stderr, /^ssehub: line 3: .*; 2 published before it\n$/)
    })

    it('refuses input that is not UTF-8', async () => {
      const end = await publish(['test', '-'], { input: Buffer.from([0x61, 0x0a, 0xe9, 0x0a]) })
      assert.equal(end.code, 2)
      assert.match(end.stderr, /standard input is not valid UTF-8/)
    })
  })

  it('is used wrongly without data, with two kinds of it, or with flags that cannot be', async () => {
    const uses = [
      [],
      ['test'],
      ['test', 'data', '--file', 'file'],
      ['test', 'data', 'more'],
      ['test', 'data', '--retry', 'abc'],
      ['test', 'data', '--nonsense'],
      ['test', '-', '--id', '5'],
      ['', 'data'],
      ['a/../b', 'data'],
      ['test', 'data', '--url', 'nonsense'],
    ]
    const ends = uses.map((args) => publish(args, { input: 'not to be read' }))
    for (const { code, stdout, stderr } of await Promise.all(ends)) {
      assert.equal(code, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^ssehub: /)
    }
    assert.equal(hub.calls.length, 0)
  })
})
