import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { atBest } from '../helpers/at-best.js'
import { atOnce } from '../helpers/at-once.js'
import { cli, startCli } from '../helpers/cli.js'
import { forWorkers } from '../helpers/for-workers.js'
import { answerOf } from '../helpers/hub-client.js'
import { HubOfTest } from '../helpers/hub-of-test.js'
import { ORIGINAL_CONFIG } from '../helpers/original-config.js'
import { packageRoot } from '../helpers/package-root.js'
import { endWithTest } from '../helpers/process.js'
import { until } from '../helpers/until.js'

describe('ssehub serve', () => {
  const own = new HubOfTest()

  it("starts on the original's example file", async () => {
    const server = { ...ORIGINAL_CONFIG.server, logdir: own.folder }
    const leveldb = { storageDir: own.folder }
    const hub = await own.startWith({ ...ORIGINAL_CONFIG, server, leveldb })
    const stream = await hub.subscribe('test')
    const event = '{ "id": 1, "event": "message", "data": "Test message" }'
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    assert.equal((await hub.publish('test', event, { headers })).status, 200)
    await stream.count(1)
    assert.equal(stream.body, ':ok\n\nid: 1\nevent: message\ndata: Test message\n\n')
    assert.equal((await hub.publish('test2', event)).status, 403)
    assert.match(await readFile(join(own.folder, 'ssehub.log'), 'utf8'), /the hub is up/)
  })

  it('starts without a file: history on disk in a folder that it names', async () => {
    const hub = await own.start([], { XDG_STATE_HOME: own.folder })
    const named = hub.banner.find((line) => line.startsWith('history in leveldb: '))
    const database = named?.slice('history in leveldb: '.length) ?? ''
    assert.ok(database.startsWith(own.folder))
    assert.ok((await stat(database)).isDirectory())
    assert.equal((await hub.publish('any/channel', { id: 1, data: 'x' })).status, 200)
  })

  describe('with output that is not taken', () => {
    type Output = 'pipe' | number
    let serving: ChildProcess
    let exit: Promise<unknown[]>
    const serve = (stdout: Output, env: NodeJS.ProcessEnv = {}, ...more: string[]) => {
      const args = ['serve', '--port', '0', '--host', '127.0.0.1', ...more]
      serving = endWithTest(
        spawn(process.execPath, [join(packageRoot, 'bin/run.js'), ...args], {
          env: { ...process.env, ...env, XDG_STATE_HOME: own.folder },
          stdio: ['ignore', stdout, 'pipe'],
          detached: true,
        }),
      )
      exit = once(serving, 'exit')
    }
    const logged = () => createInterface({ input: serving.stderr as Readable })
    const publish = async (url: string) => {
      const published = await fetch(`${url}/test`, { method: 'POST', body: '{"data":"x"}' })
      return ((await published.json()) as { sequence: number }).sequence
    }
    const publishThree = async () => {
      for await (const line of logged()) {
        const { url } = JSON.parse(line) as { url?: string }
        if (url === undefined) continue
        for (const sequence of [1, 2, 3]) assert.equal(await publish(url), sequence)
        serving.kill('SIGTERM')
      }
    }

    it('goes on when whoever read it has gone', async () => {
      // Waits of 10 s and more end at once: oclif's own for its output would end the hub by then.
      const hasty =
        'const wait = setTimeout; globalThis.setTimeout = (f, ms, ...a) => wait(f, ms < 1e4 ? ms : 0, ...a)'
      serve('pipe', { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hasty)}` })
      serving.stdout?.destroy()
      await publishThree()
      assert.deepEqual(await exit, [0, null])
    })

    it('goes on when the disk that it goes to is full', async () => {
      const full = await open('/dev/full', 'w')
      serve(full.fd)
      await full.close()
      let told = ''
      serving.stderr?.once('data', (chunk) => {
        told = `${chunk}`
      })
      await once(serving.stderr as Readable, 'data')
      assert.match(told, /^ssehub: cannot write to standard output \(ENOSPC\)\n/)
      serving.kill('SIGTERM')
      assert.deepEqual(await exit, [0, null])
    })

    it('answers while nobody reads its log, and then has lost no line of it', async () => {
      serve('pipe', {}, '--log-level', 'debug')
      let url: string | undefined
      for await (const line of createInterface({ input: serving.stdout as Readable })) {
        url = /^listening on (\S+)$/.exec(line)?.[1]
        if (url) break
      }
      const events = 1000 // which are more lines than the system holds
      for (let done = 0; done < events; done += 100) {
        await Promise.all(Array.from({ length: 100 }, () => publish(`${url}`)))
      }
      let lines = 0
      for await (const line of logged()) {
        if (JSON.parse(line).msg === 'an event was published') lines += 1
        if (lines === events) serving.kill('SIGTERM')
      }
      assert.equal(lines, events)
      assert.deepEqual(await exit, [0, null])
    })

    it('answers while its terminal is stopped, as by Ctrl-S, and then has lost no line', async function () {
      this.timeout(60_000)
      const hub = `'${join(packageRoot, 'bin/run.js')}' serve --port 0 --log-level debug`
      // exec: a shell that stayed, as dash does, would be ended by the same Ctrl-C; a user's shell
      // may be one that runs nothing
      const terminal = endWithTest(
        spawn('script', ['-qec', `exec '${process.execPath}' ${hub}`, '/dev/null'], {
          env: { ...process.env, SHELL: '/bin/sh', XDG_STATE_HOME: own.folder },
          detached: true,
        }),
      )
      const ended = once(terminal, 'exit')
      let shown = ''
      terminal.stdout.on('data', (text) => {
        shown += text
      })
      await until(() => /listening on \S+:\d+\s/.test(shown))
      terminal.stdout.pause()
      const url = /listening on http:\/\/0.0.0.0(:\d+)/.exec(shown)?.[1]
      const events = 1000 // which are more lines than the system holds
      for (let done = 0; done < events; done += 100) {
        await Promise.all(Array.from({ length: 100 }, () => publish(`http://127.0.0.1${url}`)))
      }
      terminal.stdout.resume()
      await until(() => shown.match(/an event was published/g)?.length === events)
      terminal.stdin.write('\x03')
      assert.deepEqual(await ended, [0, null])
    })
  })

  it('takes its port from the flag before the environment before the file', async () => {
    const file = join(own.folder, 'config.json')
    await writeFile(file, JSON.stringify({ server: { port: 1 } }))
    const hub = await own.start(['--config', file, '--port', '0'], { SSEHUB_SERVER_PORT: '2' })
    assert.equal((await fetch(hub.url)).status, 200)
  })

  it('does not start on a bad configuration, and names all that is wrong, with exit 2', async () => {
    const file = join(own.folder, 'config.json')
    const config = { server: { port: 'abc', prot: 1 }, channels: [{ cacheLength: -1 }] }
    await writeFile(file, JSON.stringify(config))
    const { code, stdout, stderr } = await cli(['serve', '--config', file])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    for (const fault of [
      'server.port',
      'server.prot',
      'channels[0].path',
      'channels[0].cacheLength',
    ]) {
      assert.ok(stderr.includes(fault), fault)
    }
  })

  it('exits 2 for wrong usage and for a file that is not there', async () => {
    assert.equal((await cli(['serve', '--port', '65536'])).code, 2)
    assert.equal((await cli(['serve', '--nonsense'])).code, 2)
    const missing = await cli(['serve', '--config', join(own.folder, 'missing.json')])
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /missing\.json/)
  })

  it('exits 1 when its port is taken or its store is in use, and says what to do', async () => {
    const hub = await own.startWith({ default: { cacheAdapter: 'leveldb' } })
    const file = join(own.folder, 'config.json')
    const taken = await cli(['serve', '--config', file, '--port', `${hub.port}`], {
      env: { SSEHUB_LEVELDB_STORAGEDIR: join(own.folder, 'other') },
    })
    assert.deepEqual([taken.code, /--port/.test(taken.stderr)], [1, true])
    const locked = await cli(['serve', '--config', file, '--port', '0'])
    assert.deepEqual([locked.code, /leveldb\.storageDir/.test(locked.stderr)], [1, true])
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends streams with a retry and exits 0 on ${signal}, with its store closed`, async () => {
      const hub = await own.startWith({ default: { cacheAdapter: 'leveldb' } })
      const stream = await hub.subscribe('test')
      await hub.publish('test', { id: 1, data: 'x' })
      hub.signal(signal)
      await stream.end()
      assert.match(stream.body, /^:ok\n\nid: 1\ndata: x\n\nretry: \d+\n\n$/)
      assert.equal(await hub.exit(), 0)
    })
  }
})

forWorkers('ssehub serve', (_, workers) => {
  const own = new HubOfTest()

  it('goes on after a SIGHUP, as under nohup', async () => {
    const hub = await own.startWith({ server: { workers } })
    const stream = await hub.subscribe('test')
    hub.signalGroup('SIGHUP')
    await hub.publish('test', { data: 'x' })
    await stream.count(1)
    hub.signal('SIGTERM')
    assert.equal(await hub.exit(), 0)
  })

  it('opens no debugger at a SIGUSR1', async () => {
    const serving = startCli(['serve', '--port', '0', '--log-level', 'silent'], {
      env: {
        SSEHUB_SERVER_WORKERS: `${workers}`,
        XDG_STATE_HOME: own.folder,
        NODE_OPTIONS: '--inspect-port=0',
      },
    })
    await serving.shows(/listening on/)
    serving.signalGroup('SIGUSR1')
    assert.deepEqual((await serving.end('SIGTERM')).stderr, '')
  })

  it('stops in good order when its terminal is closed', async () => {
    const terminal = `import tty from 'node:tty'
      import { syncBuiltinESMExports } from 'node:module'
      let isOpen = true
      process.on('SIGHUP', () => { isOpen = false })
      tty.isatty = () => isOpen
      syncBuiltinESMExports()`
    const hub = await own.start([], {
      SSEHUB_SERVER_WORKERS: `${workers}`,
      XDG_STATE_HOME: own.folder,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(terminal)}`,
    })
    const stream = await hub.subscribe('test')
    hub.signalGroup('SIGHUP')
    await stream.end()
    assert.match(stream.body, /^:ok\n\nretry: \d+\n\n$/)
    assert.equal(await hub.exit(), 0)
  })

  it('exits at once on a second signal', async () => {
    const hub = await own.startWith({ server: { workers } })
    const busy = await hub.beginPublish('test', 12)
    hub.signal('SIGTERM')
    const stream = await hub.subscribe('test') // it is stopping, and waits for the publish
    await stream.end()
    hub.signal('SIGTERM')
    assert.equal(await hub.exit(), 130)
    busy.destroy()
  })

  it('ends 1,000 streams and exits within 5 seconds', async () => {
    const took = await atBest(5000, async () => {
      const hub = await own.startWith({ server: { workers, pingInterval: 3600 } })
      const streams = await atOnce(1000, () => hub.subscribe('test'))
      await hub.publish('test', { data: 'x' })
      const started = performance.now()
      hub.signal('SIGTERM')
      assert.equal(await hub.exit(), 0)
      const exited = performance.now()
      for (const stream of streams) {
        await stream.end()
        assert.match(stream.body, /^:ok\n\ndata: x\n\nretry: \d+\n\n$/)
      }
      return exited - started
    })
    assert.ok(took < 5000, `${took} ms`)
  })

  it('goes on with the history and the numbers after a restart', async () => {
    const settings = { server: { workers }, default: { cacheAdapter: 'leveldb' } }
    let hub = await own.startWith(settings)
    for (const id of [1, 2, 3]) await hub.publish('test', { id, data: `${id}` })
    await hub.kill()
    hub = await own.startWith(settings)
    assert.deepEqual(
      (await hub.stats()).channels.map(({ id, cached_events }) => [id, cached_events]),
      [['test', 3]],
    )
    const stream = await hub.subscribe('test', { 'Last-Event-ID': '1' })
    const answer = await answerOf(await hub.publish('test', { id: 4, data: '4' }))
    assert.equal(answer.sequence, 4)
    await stream.count(3)
    assert.deepEqual(stream.ids, ['2', '3', '4'])
  })
})
