import assert from 'node:assert/strict'
import { bash, cli, startCli } from '../helpers/cli.js'
import { FakeHub } from '../helpers/fake-hub.js'

describe('every command', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  const run = (...commands: string[]) =>
    Promise.all(commands.map((command) => cli([...command.split(' '), '--url', hub.url])))

  it('ends with 2 on a wrong flag, and says on one line which', async () => {
    const [number, time] = await run('tail test --count none', 'bench --timeout -1')
    assert.deepEqual([number?.code, time?.code], [2, 2])
    const received = 'Expected an integer but received: none; see --help'
    assert.equal(number?.stderr, `ssehub: --count: ${received}\n`)
    assert.match(time?.stderr ?? '', /^ssehub: --timeout: expected seconds, .*; see --help\n$/)
  })

  it('ends with 2 where standard input is a folder, in which nothing can be read', async () => {
    const { stdout, stderr } = await bash(`ssehub publish test - --url ${hub.url} </; echo $?`)
    assert.deepEqual([stdout, stderr], ['2\n', 'ssehub: standard input is a folder\n'])
  })

  it('ends with 4 when no hub is there, and says what to do', async () => {
    await hub.stop()
    const ends = await run('publish test x', 'tail test', 'stats', 'cache dump test', 'bench')
    for (const { code, stdout, stderr } of ends) {
      assert.equal(code, 4)
      assert.equal(stdout, '')
      assert.equal(
        stderr,
        `ssehub: no answer from a hub at ${hub.url} (ECONNREFUSED); check that it runs and that the URL is right\n`,
      )
    }
  })

  it('ends with 3 when the hub refuses, and says why', async () => {
    for (const end of await run('publish refused x', 'tail none', 'cache dump none')) {
      assert.equal(end.code, 3)
      assert.match(end.stderr, /^ssehub: the hub refused: .* \(40[04]\)\n$/)
    }
  })

  it('ends with 1, and at once, when what answers is not a hub', async () => {
    const ends = await Promise.all([
      cli(['stats', '--url', `${hub.url}/three`]),
      cli(['publish', 'page', 'x', '--url', hub.url]),
    ])
    for (const { code, stderr } of ends) {
      assert.equal(code, 1)
      assert.match(stderr, /^ssehub: what answers at .* does not seem to be a hub; check/)
    }
  })

  it('ends with 1 when the hub fails', async () => {
    for (const end of await run('publish failing x', 'tail proxied')) {
      assert.equal(end.code, 1)
      assert.match(end.stderr, /^ssehub: the hub failed: .* \(50[03]\)\n$/)
    }
  })

  it('ends with 1, and no stack, when its output cannot be written, as on a full disk', async function () {
    this.timeout(60_000)
    const commands = ['publish test x', 'tail endless', 'stats --watch', 'cache dump test --json']
    const printers = ['token --stats', '--help', 'tail --help', '--version']
    const lines = [...commands.map((command) => `${command} --url ${hub.url}`), ...printers]
    const env = { SSEHUB_AUTH_KEY: 'k'.repeat(32) }
    const ends = await Promise.all(
      lines.map((line) => bash(`ssehub ${line} >/dev/full; echo $?`, { env })),
    )
    for (const { stdout, stderr } of ends) {
      assert.equal(stdout, '1\n', stderr)
      assert.equal(stderr, 'ssehub: cannot write to standard output (ENOSPC)\n')
    }
    const refused = await bash(
      `ssehub publish refused x --json --url ${hub.url} >/dev/full; echo $?`,
    )
    assert.equal(refused.stdout, '3\n')
  })

  it('says so where it may open too few files to start', async () => {
    const { stdout, stderr } = await bash('ulimit -n 64; ssehub serve --port 0; echo $?')
    assert.equal(stdout, '1\n')
    assert.match(stderr, /^ssehub: 64 open files are too few to start; raise their limit, .*\n$/)
  })

  it('is one that there is', async () => {
    const ends = await Promise.all([
      cli(['nope', 'x']),
      cli(['stast']),
      cli(['cache', 'nope']),
      cli(['no\x1b[31mpe', '--json']),
    ])
    const all = '"ssehub --help" lists all'
    const messages = [
      `there is no command "nope"; ${all}`,
      `there is no command "stast"; is "stats" meant? ${all}`,
      `there is no command "cache nope"; ${all}`,
      `there is no command "no\\u001b[31mpe"; ${all}`,
    ]
    const json = JSON.stringify({ error: { code: 'INVALID_USAGE', message: messages[3] } })
    assert.deepEqual(
      ends.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
      messages.map((message, at) => [2, at === 3 ? `${json}\n` : '', `ssehub: ${message}\n`]),
    )
  })

  it('is told on one line of help, too, without a stack', async () => {
    const [unknown, misused] = await Promise.all([cli(['help', 'nope']), cli(['help', '--json'])])
    assert.deepEqual(unknown, { code: 2, stdout: '', stderr: 'ssehub: Command nope not found.\n' })
    const message = 'Nonexistent flag: --json; see --help'
    assert.deepEqual(misused, {
      code: 2,
      stdout: `${JSON.stringify({ error: { code: 'INVALID_USAGE', message } })}\n`,
      stderr: `ssehub: ${message}\n`,
    })
  })

  it('prints an error as one JSON value with --json, wrong usage too', async () => {
    const [refused, misused] = await run('publish refused x --json', 'publish --json')
    assert.deepEqual(JSON.parse(refused?.stdout ?? ''), {
      error: {
        code: 'HUB_REFUSED',
        message: 'the hub refused: invalid event: "data" is missing (400)',
      },
    })
    assert.equal(misused?.code, 2)
    assert.equal(JSON.parse(misused?.stdout ?? '').error.code, 'INVALID_USAGE')
    assert.match(misused?.stderr ?? '', /channel/)
  })

  it('shows a stack only when it is being debugged', async () => {
    const { stderr } = await cli(['stats', '--url', 'x'], { env: { DEBUG: 'ssehub' } })
    assert.match(stderr, /^ssehub: the hub's URL must/)
    assert.match(stderr, /^ {4}at /m)
  })

  it('prints no colour into a pipe, whatever the environment wishes', async () => {
    for (const env of [{ FORCE_COLOR: '3' }, { NO_COLOR: '1' }]) {
      const { stdout } = await cli(['tail', 'gap', '--count', '1', '--url', hub.url], { env })
      assert.equal(stdout.includes('\x1b'), false)
    }
  })

  it('ends with 130 when it is interrupted', async () => {
    const tail = startCli(['tail', 'silent', '--url', hub.url])
    await hub.waitForCalls('/silent', 1)
    assert.equal((await tail.end('SIGINT')).code, 130)
    const publish = startCli(['publish', 'hangs', 'x', '--json', '--url', hub.url])
    await hub.waitForCalls('/hangs', 1)
    assert.deepEqual(await publish.end('SIGINT'), { code: 130, stdout: '', stderr: '' })
  })

  it('explains itself, with examples and exit codes', async () => {
    const commands = ['publish', 'tail', 'stats', 'cache dump', 'bench']
    const ends = await run(...commands.map((command) => `${command} --help`))
    for (const { code, stdout } of ends) {
      assert.equal(code, 0)
      assert.match(stdout, /EXAMPLES\n/)
      assert.match(stdout, /Exit codes: 0 done/)
      assert.match(stdout, /SSEHUB_URL/)
    }
  })
})
