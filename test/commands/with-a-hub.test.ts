import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CliOptions, cli, startCli } from '../helpers/cli.js'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'

forWorkers('the commands and a hub', (startHub) => {
  let hub: StartedHub
  let folder: string
  let clean: () => Promise<void>
  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
    hub = await start()
  })
  afterEach(async () => {
    await hub.hub.stop()
    await clean()
  })

  const stored = () => ({
    leveldb: { storageDir: folder },
    default: { cacheAdapter: 'leveldb' },
  })
  const start = (port = 0) => startHub({ server: { port }, ...stored() })
  const run = (command: string, options?: CliOptions) =>
    cli([...command.split(' '), '--url', hub.url], options)
  const linesOf = (text: string) => text.trimEnd().split('\n')

  it('publish, follow, count and remember events, and agree on them', async () => {
    const input =
      '{"id":12345678901234567890,"data":{"a":1.0}}\n{"id":2,"event":"note","data":"two"}\n'
    await run('publish news/más -', { input })

    const tail = await run('tail news/más --all --count 2 --json')
    assert.deepEqual(
      linesOf(tail.stdout).map((line) => JSON.parse(line)),
      [
        { id: '12345678901234567890', event: 'message', data: '{"a":1.0}' },
        { id: '2', event: 'note', data: 'two' },
      ],
    )
    const resumed = await run('tail news/más --last-id 12345678901234567890 --count 1')
    assert.equal(resumed.stdout, '2  note  two\n')
    const dump = JSON.parse((await run('cache dump news/más --json')).stdout)
    assert.deepEqual(
      dump.map(({ id }: { id: string }) => id),
      ['12345678901234567890', '2'],
    )
    const [, ...channels] = linesOf((await run('stats')).stdout.split('\n\n')[1] ?? '')
    assert.match(channels.join(), /^news\/más +0 +2 +2 /)
  })

  it('tell of what was missed', async () => {
    await run('publish test x --id 5')
    const { stdout } = await run('tail test --last-id none --count 1')
    assert.equal(
      stdout,
      'gap: the hub does not know the id none; the history goes from id 5 to 5\n5  message  x\n',
    )
  })

  it('show only events of the types that are asked for', async () => {
    await run('publish test -', { input: '{"id":1,"data":1}\n{"id":2,"event":"a","data":2}\n' })
    assert.equal((await run('tail test --all --event a --count 1')).stdout, '2  a  2\n')
  })

  it('end with 3 and the reason when the hub refuses an event', async () => {
    const { code, stderr } = await run('publish test {"data":null}')
    assert.equal(code, 3)
    assert.match(stderr, /^ssehub: the hub refused: invalid event: "data" must not be null \(400\)/)
  })

  it('lose nothing over a restart of the hub', async () => {
    await run('publish test one --id 1')
    const tail = startCli(['tail', 'test', '--all', '--url', hub.url])
    await tail.shows(/one/)
    const { port } = hub
    await hub.hub.stop()
    hub = await start(port)
    await run('publish test two --id 2')
    await tail.shows(/two/)
    const { code, stdout } = await tail.end()
    assert.equal(code, 130)
    assert.equal(stdout, '1  message  one\n2  message  two\n')
  })

  it('read the history from the store while no hub runs, and only then', async () => {
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify(stored()))
    const offline = (...more: string[]) =>
      cli(['cache', 'dump', 'test', '--offline', '--config', file, ...more])
    await run('publish test hello --id 5 --event note --retry 900')

    const locked = await offline('--json')
    assert.equal(locked.code, 1)
    assert.equal(JSON.parse(locked.stdout).error.code, 'STORE_LOCKED')
    assert.match(locked.stderr, /is in use by a hub; ask that, without --offline, or stop it/)

    const online = await run('cache dump test --json')
    await hub.hub.stop()
    assert.deepEqual(await offline('--json'), online)
    assert.match((await offline()).stdout, /Z {2}5 {2}note {2}hello\n$/)
  })
})
