import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { makeFolder } from '../helpers/folder.js'
import { answerOf } from '../helpers/hub-client.js'
import type { OpenStream } from '../helpers/open-stream.js'
import { residentBytes } from '../helpers/process-resources.js'
import { Random } from '../helpers/random.js'
import { ServedHub } from '../helpers/served-hub.js'
import { readCorpus } from './corpus.js'
import { mutate } from './mutator.js'

/** How many inputs are under way at once. */
const AT_ONCE = 20

/** Ms that an input is given to be answered. */
const PATIENCE = 100

/** What the hub may come to have of memory, in bytes. */
const MOST_MEMORY = 600_000_000

/** A channel that no input names. */
const INNOCENT = 'a7Kq-of-nobody-else'

/** How it went. */
export interface Fuzzed {
  readonly inputs: number
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<string, number>
  /** The most memory that the hub had, in bytes. */
  readonly memory: number
  /** What must not be, in words. */
  readonly faults: readonly string[]
}

/**
 * Sends a hub inputs that are not what they should be for so many seconds, while others use it.
 *
 * @param seed chooses the inputs
 */
export async function fuzz(seconds: number, seed: number): Promise<Fuzzed> {
  const { folder, clean } = await makeFolder()
  const settings = {
    server: { headersTimeout: 2, requestTimeout: 3, pingInterval: 3600 },
    default: { cacheAdapter: 'leveldb', cacheLength: 20 },
  }
  const hub = await ServedHub.startWith(settings, folder, ['--log-level', 'warn'])
  const run = new Run(hub, new Random(seed))
  try {
    await run.go(seconds)
    hub.closeStreams()
    hub.signal('SIGTERM')
    const code = await hub.exit()
    if (code !== 0) run.faults.push(`the hub ended with ${code}`)
    return run
  } finally {
    await hub.kill()
    await clean()
  }
}

class Run implements Fuzzed {
  inputs = 0
  memory = 0
  readonly statuses = new Map<string, number>()
  readonly faults: string[] = []
  readonly #hub: ServedHub
  readonly #random: Random
  readonly #corpus = readCorpus()

  constructor(hub: ServedHub, random: Random) {
    this.#hub = hub
    this.#random = random
  }

  async go(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000
    const isOver = () => performance.now() > end || this.faults.length > 0
    const stream = await this.#hub.subscribe(INNOCENT)
    const attacks = Array.from({ length: AT_ONCE }, async () => {
      while (!isOver()) await this.#attack()
    })
    await this.#useIt(stream, isOver)
    await Promise.all(attacks)
    for (const { level, msg } of this.#hub.log) {
      if (Number(level) >= 50) this.faults.push(`the hub logged: ${msg}`)
    }
  }

  /** What somebody sees who has nothing to do with it. */
  async #useIt(stream: OpenStream, isOver: () => boolean): Promise<void> {
    let wanted = ':ok\n\n'
    for (let id = 1; !isOver(); id += 1) {
      const answer = await this.#hub.publish(INNOCENT, { id, data: `number ${id}` })
      const { sequence } = await answerOf(answer)
      if (answer.status !== 200 || sequence !== id) {
        this.faults.push(`event ${id} was answered ${answer.status}, number ${sequence}`)
      }
      wanted += `id: ${id}\ndata: number ${id}\n\n`
      await stream.until((body) => body.length >= wanted.length)
      if (stream.body !== wanted) {
        this.faults.push(`a stream has: ${JSON.stringify(stream.body.slice(-200))}`)
      }
      this.memory = Math.max(this.memory, await residentBytes(this.#hub.pid))
      if (this.memory > MOST_MEMORY) this.faults.push(`the hub has ${this.memory} bytes`)
      await pause(20)
    }
  }

  async #attack(): Promise<void> {
    const random = this.#random
    const bytes = mutate(this.#corpus, random)
    this.inputs += 1
    const socket = connect(this.#hub.port, '127.0.0.1').setNoDelay()
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
    })
    socket.on('error', () => {}) // it may be reset
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const cuts = random.pick([0, 0, 1, 5] as const)
    let from = 0
    for (let left = cuts; left > 0 && from < bytes.length; left -= 1) {
      const to = random.between(from, bytes.length)
      await write(socket, bytes.subarray(from, to))
      from = to
    }
    await write(socket, bytes.subarray(from))
    const end = random.pick(['end', 'end', 'wait', 'reset'] as const)
    if (end === 'end') socket.end()
    if (end !== 'reset') await Promise.race([closed, pause(PATIENCE)])
    if (end === 'reset') socket.resetAndDestroy()
    else socket.destroy()
    await closed
    this.#judge(bytes, answer)
  }

  #judge(bytes: Buffer, answer: string): void {
    for (const [, status = ''] of answer.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)) {
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
      if (/^5/.test(status)) {
        this.faults.push(`${status} was the answer to ${JSON.stringify(bytes.toString('latin1'))}`)
      }
    }
  }
}

/** Resolves when the system has the bytes, or the socket is no more. */
function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}
