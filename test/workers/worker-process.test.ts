import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { resolveConfig } from '../../src/config/resolve.js'
import { ConnectionLimits } from '../../src/limits/connection-limits.js'
import { MemoryStore } from '../../src/store/memory.js'
import { type BoundSocket, bind } from '../../src/workers/bound.js'
import { Switchboard } from '../../src/workers/switchboard.js'
import { WorkerProcess } from '../../src/workers/worker-process.js'
import { HubClient } from '../helpers/hub-client.js'
import { bufferBytes } from '../helpers/memory.js'
import { until } from '../helpers/until.js'

const run = promisify(execFile)

const { config } = resolveConfig({}, 'the test', { env: {} })

/** What is published to a worker that hangs: more than it may leave untaken. */
const EVENTS = 120
const MEGABYTE = 'x'.repeat(1_000_000)

const FIGURES = { stats: () => assert.fail(), groupStats: () => assert.fail() }

/** A worker with a port of its own, and who talks to it. */
interface Started {
  readonly worker: WorkerProcess
  readonly client: HubClient
  readonly sockets: readonly BoundSocket[]
}

describe("a worker's process", () => {
  let worker: WorkerProcess
  let limits: ConnectionLimits
  let client: HubClient
  let sockets: readonly BoundSocket[]
  let switchboard: Switchboard
  let started: Started[]

  const start = async (): Promise<Started> => {
    const bound = await bind('127.0.0.1', 0)
    const url = `http://127.0.0.1:${bound.address.port}`
    const settings = { worker: 1, config, logLevel: 'error' as const, url, credentials: undefined }
    const one = {
      worker: new WorkerProcess(settings, switchboard, FIGURES, limits),
      client: new HubClient(url),
      sockets: bound.sockets,
    }
    started.push(one)
    await until(() => one.worker.isReady)
    return one
  }

  beforeEach(async () => {
    started = []
    const stores = new Map([['memory' as const, new MemoryStore()]])
    switchboard = new Switchboard(config, stores, Date.now)
    limits = new ConnectionLimits({ maxConnections: 0, maxConnectionsPerIp: 0 })
    ;({ worker, client, sockets } = await start())
  })
  afterEach(async () => {
    for (const { worker, client, sockets } of started) {
      client.closeStreams()
      worker.kill()
      await worker.ended
      for (const socket of sockets) socket.close()
    }
  })

  const has = (connections: number) => until(() => worker.connections === connections)

  it('tells how many connections it has, whatever becomes of them', async () => {
    worker.admit(10_000, sockets)
    await worker.up
    const streams = await Promise.all(Array.from({ length: 200 }, () => client.subscribe('test')))
    await has(200)
    assert.equal(limits.total, 200)
    for (const [index, stream] of streams.entries()) {
      if (index % 2) stream.close()
      else stream.socket.resetAndDestroy()
    }
    await has(0)
    const idle = Array.from({ length: 20 }, () => client.connect())
    for (const one of idle) await once(one, 'connect')
    await has(20)
    for (const one of idle) one.destroy()
    await has(0)
    await client.raw('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await client.raw('nonsense\r\n\r\n')
    const half = client.connect()
    half.write('GET /test HTTP/1.1\r\nHost: x\r\n')
    await has(1)
    half.write('\r\n')
    await once(half, 'data')
    half.end()
    await has(0)
    assert.equal(limits.total, 0)
  })

  it('leaves connections to others when it has as many as it may, until it may have more', async () => {
    worker.admit(10, sockets)
    await worker.up
    const coming = Array.from({ length: 20 }, () => client.subscribe('test'))
    const isFull = () => until(() => worker.limit === undefined)
    for (const [limit, connections] of [
      [15, 10],
      [5, 15],
      [100, 15],
    ] as const) {
      await isFull()
      assert.equal(worker.connections, connections)
      worker.admit(limit, sockets)
    }
    await Promise.all(coming)
    await has(20)
    worker.admit(20, sockets) // it is lower now
    await isFull()
    const waiting = client.subscribe('test')
    const [stream] = await Promise.all(coming)
    stream?.close()
    await has(19)
    worker.admit(21, sockets)
    await waiting
    await has(20)
  })

  it('is given up when it leaves 64 MB untaken: others lose nothing, and memory has its bound', async function () {
    this.timeout(60_000)
    const other = await start()
    for (const { worker, sockets } of started) {
      worker.admit(10, sockets)
      await worker.up
    }
    await client.subscribe('test')
    const reader = other.client.connect().unref()
    reader.write('GET /test HTTP/1.1\r\nHost: x\r\n\r\n')
    const [head] = await once(reader, 'data')
    let bytes = String(head).length
    reader.on('data', (chunk) => {
      bytes += chunk.length
    })
    const before = bufferBytes()
    process.kill(worker.pid as number, 'SIGSTOP')
    worker.tick()
    worker.tick() // nobody waits for it any more
    let most = 0
    for (let event = 0; event < EVENTS; event += 1) {
      await switchboard.publish('test', { data: MEGABYTE })
      if (event % 10 === 0) most = Math.max(most, bufferBytes() - before)
    }
    assert.ok(most > 50_000_000, 'it may be behind for a while')
    assert.ok(most < 90_000_000, `${most} bytes`)
    assert.equal(await worker.ended, 'failed: it did not take what it was told')
    assert.ok(bufferBytes() - before < 20_000_000, 'what it was to be sent is gone')
    const all = String(head).length + EVENTS * `data: ${MEGABYTE}\n\n`.length
    await until(() => bytes === all)
    reader.destroy()
  })
})

describe("a worker's process that cannot be started", () => {
  it('has failed where no more files may be open, and ends nothing else', async () => {
    const from = (module: string) =>
      JSON.stringify(new URL(`../../src/${module}`, import.meta.url).href)
    const script = `
      import { openSync } from 'node:fs'
      import { resolveConfig } from ${from('config/resolve.js')}
      import { ConnectionLimits } from ${from('limits/connection-limits.js')}
      import { Switchboard } from ${from('workers/switchboard.js')}
      import { WorkerProcess } from ${from('workers/worker-process.js')}
      const { config } = resolveConfig({}, 'the test', { env: {} })
      const settings = { worker: 1, config, logLevel: 'error', url: '', credentials: undefined }
      const limits = new ConnectionLimits({ maxConnections: 0, maxConnectionsPerIp: 0 })
      const switchboard = new Switchboard(config, new Map())
      try {
        while (true) openSync('/dev/null')
      } catch {}
      const worker = new WorkerProcess(settings, switchboard, {}, limits)
      const { code, message } = await worker.up.catch((error) => error)
      worker.tick()
      worker.kill()
      process.stdout.write(JSON.stringify({ reason: await worker.ended, code, message }))`
    const command = 'ulimit -n 1000; exec "$0" --input-type=module -e "$1"'
    const { stdout } = await run('sh', ['-c', command, process.execPath, script])
    const reason = `failed: spawn ${process.execPath} EMFILE`
    const message = `a worker did not start: it ${reason}`
    assert.deepEqual(JSON.parse(stdout), { reason, code: 'WORKER_FAILED', message })
  })
})
