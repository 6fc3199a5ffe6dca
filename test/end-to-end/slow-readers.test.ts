import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

const BAD = 2000
const GOOD = 100
const EVENTS = 500
/** Ms from one event to the next. */
const PACE = 10
const SIZE = 10_000
const PADDING = 'x'.repeat(SIZE - 8)
const FRAME = `data: 00000000${PADDING}\n\n`.length
const GET = 'GET /hot HTTP/1.1\r\nHost: x\r\n\r\n'

/** Looks at the number of each event that comes, and at nothing else. */
class GoodReader {
  /** How many events have come, one after the other. */
  events = 0
  #offset: number | undefined
  #head = ''
  #digits = ''

  constructor(socket: Socket) {
    socket.write(GET)
    socket.on('data', (chunk) => this.#take(chunk))
  }

  get isOpen(): boolean {
    return this.#offset !== undefined
  }

  #take(chunk: Buffer): void {
    let at = 0
    if (this.#offset === undefined) {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf(':ok\n\n')
      if (end === -1) return
      at = chunk.length - (this.#head.length - end - ':ok\n\n'.length)
      this.#offset = 0
    }
    while (at < chunk.length) {
      const offset: number = this.#offset
      const number = Math.max(0, Math.min(chunk.length - at, 14 - offset))
      if (offset < 14) this.#digits += chunk.toString('latin1', at, at + number)
      const step = offset < 14 ? number : Math.min(chunk.length - at, FRAME - offset)
      at += step
      this.#offset = (offset + step) % FRAME
      if (this.#offset !== 0) continue
      assert.equal(this.#digits, `data: ${String(this.events).padStart(8, '0')}`)
      this.#digits = ''
      this.events += 1
    }
  }
}

forWorkers('readers that never read', function (_, workers) {
  this.timeout(120_000)
  let hub: ServedHub
  let clean: () => Promise<void>
  const sockets: Socket[] = []

  const connect = async (): Promise<Socket> => {
    const socket = hub.connect()
    socket.on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }
  const bytes = async (): Promise<number> => {
    const pids = [hub.pid, ...hub.workers]
    const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8')))
    return texts.reduce((sum, text) => sum + 1024 * Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]), 0)
  }

  before(async () => {
    let folder: string
    ;({ folder, clean } = await makeFolder())
    const server = { workers, stallTimeout: 3, pingInterval: 3600 }
    hub = await ServedHub.startWith({ server }, folder)
    if (workers > 1) await hub.logs(() => hub.workers.filter(Boolean).length === workers)
  })

  after(async () => {
    for (const socket of sockets) socket.destroy()
    await hub.kill()
    await clean()
  })

  it('cost next to no memory, cost nobody an event, and are closed and counted', async function () {
    if (process.platform !== 'linux') {
      process.stderr.write('skipped: only on Linux can the memory of another process be seen\n')
      this.skip()
    }
    const before = await bytes()
    const good: GoodReader[] = []
    for (let count = 0; count < GOOD; count += 1) good.push(new GoodReader(await connect()))
    for (let count = 0; count < BAD; count += 1) (await connect()).pause().write(GET)
    await until(() => good.every(({ isOpen }) => isOpen))
    await until(async () => (await hub.stats()).global.clients === BAD + GOOD)

    let most = 0
    let number = 0
    const publish = async (): Promise<void> => {
      const data = String(number).padStart(8, '0') + PADDING
      assert.equal((await hub.publish('hot', { data })).status, 200)
      number += 1
    }
    const start = performance.now()
    while (number < EVENTS) {
      await publish()
      if (number % 10 === 0) most = Math.max(most, await bytes())
      await wait(Math.max(0, start + number * PACE - performance.now()))
    }
    // What the system takes for one that does not read the hub cannot know of: it may be much.
    while ((await hub.stats()).global.clients > GOOD) await publish()
    await until(() => good.every(({ events }) => events === number))
    const { global } = await hub.stats()
    assert.equal(global.channel_stalled_clients, BAD)
    const bound = 40_000_000 + 60_000_000 * (hub.workers.length + 1)
    assert.ok(most - before < bound, `${(most - before) / 1e6} MB`)
  })
})
