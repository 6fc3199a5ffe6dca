/**
 * Whether a hub that runs for long stays as it is: clients come, read, stall and go, channels come
 * and go, events are published; its memory and descriptors are looked at all the while. By hand,
 * on Linux:
 *
 *     npm run build && node dist/test/performance/soak.js [--minutes N] [--clients N] [--seed N]
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeFolder } from '../helpers/folder.js'
import { answerOf } from '../helpers/hub-client.js'
import { OpenStream } from '../helpers/open-stream.js'
import { openDescriptors, residentBytes } from '../helpers/process-resources.js'
import { Random, seedOfRun } from '../helpers/random.js'
import { ServedHub } from '../helpers/served-hub.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: `${seedOfRun()}` },
  },
})
const minutes = Number(values.minutes)
const clients = Number(values.clients)

/** Events a second, and the channels that they go to. */
const RATE = 50
const CHANNELS = 5

/** Events after which a channel holds all that it is to hold in memory, of 1 KB each. */
const FULL = 4500

/** What a figure may have grown by over all of the run, as it seems from its slope. */
const LIMITS = { memory: 20_000_000, descriptors: 10 }

interface Sample {
  /** Since the beginning, in minutes. */
  readonly at: number
  readonly memory: number
  readonly descriptors: number
}

const random = new Random(Number(values.seed))
const print = (text: string) => process.stdout.write(`${text}\n`)
const { folder, clean } = await makeFolder()
const hub = await ServedHub.startWith(
  {
    server: { pingInterval: 2, stallTimeout: 5 },
    default: { cacheAdapter: 'leveldb', cacheLength: 100 },
  },
  folder,
  ['--log-level', 'warn'],
)
let begun = performance.now()
const since = () => (performance.now() - begun) / 60_000
const isOver = () => since() > minutes
const nameOf = (channel: number) => `channel-${channel}`

/** One client after another: each reads for a while, some do not read, some only look. */
async function come(): Promise<void> {
  while (!isOver()) {
    const channel = nameOf(random.below(CHANNELS))
    const query = random.pick(['', '?getcache=1', '?lastEventId=1', '?filterevent=a'] as const)
    const socket = hub.connect()
    const stream = new OpenStream(socket, `/${channel}${query}`)
    if (random.isTrue(0.1)) socket.pause()
    await pause(random.below(4000))
    if (random.isTrue(0.5)) socket.resetAndDestroy()
    else stream.close()
    await stream.end()
  }
}

/** Now and then a channel that nobody publishes to, and what is no request at all. */
async function look(): Promise<void> {
  for (let count = 0; !isOver(); count += 1) {
    const socket = hub.connect()
    socket.on('error', () => {})
    socket.write(
      count % 2 ? 'nonsense\r\n\r\n' : `GET /nobody-${count} HTTP/1.1\r\nHost: x\r\n\r\n`,
    )
    await pause(200)
    socket.destroy()
  }
}

/** Until nothing grows any more that is to grow. */
async function fill(): Promise<void> {
  const event = { id: 'full', data: 'x'.repeat(1000) }
  for (let count = 0; count < FULL; count += 1) {
    const channels = Array.from({ length: CHANNELS }, (_, channel) => nameOf(channel))
    await Promise.all(channels.map(async (name) => answerOf(await hub.publish(name, event))))
  }
}

async function publish(): Promise<number> {
  let id = 0
  for (; !isOver(); id += 1) {
    const data = 'x'.repeat(random.below(2000))
    await answerOf(await hub.publish(nameOf(random.below(CHANNELS)), { id, event: 'a', data }))
    await pause(Math.max(0, begun + (id * 1000) / RATE - performance.now()))
  }
  return id
}

/** The least of a few looks: what garbage there is comes and goes. */
async function sample(): Promise<Sample> {
  const memory: number[] = []
  const descriptors: number[] = []
  for (let look = 0; look < 10; look += 1) {
    memory.push(await residentBytes(hub.pid))
    descriptors.push(await openDescriptors(hub.pid))
    await pause((minutes * 60_000) / 30 / 10)
  }
  return { at: since(), memory: Math.min(...memory), descriptors: median(descriptors) }
}

async function watch(): Promise<Sample[]> {
  const samples: Sample[] = []
  while (!isOver()) {
    const { at, memory, descriptors } = await sample()
    samples.push({ at, memory, descriptors })
    const { global } = await hub.stats()
    print(
      `${at.toFixed(1)} min: ${(memory / 1e6).toFixed(1)} MB, ${descriptors} descriptors, ` +
        `${global.clients} clients, ${global.channels} channels, ${global.broadcasted_events} events`,
    )
  }
  return samples
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

/** How much a figure grows in all of the time, by the median of the slopes between two samples. */
function growth(samples: readonly Sample[], figure: 'memory' | 'descriptors'): number {
  const slopes = samples.flatMap((a, index) =>
    samples.slice(index + 1).map((b) => (b[figure] - a[figure]) / (b.at - a.at)),
  )
  return median(slopes) * ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0))
}

print(`${minutes} minutes, ${clients} clients, seed ${values.seed}`)
await fill()
begun = performance.now()
const idle = await openDescriptors(hub.pid)
const [samples, events] = await Promise.all([
  watch(),
  publish(),
  look(),
  ...Array.from({ length: clients }, come),
])
await pause(7000) // until those who stalled are closed
const { global } = await hub.stats()
const left = (await openDescriptors(hub.pid)) - idle
hub.signal('SIGTERM')
const code = await hub.exit()

// What happens first is warming up.
const settled = samples.slice(Math.floor(samples.length / 3))
const memory = growth(settled, 'memory')
const descriptors = growth(settled, 'descriptors')
print(
  `${events} events; in the last two thirds memory grew by ${(memory / 1e6).toFixed(1)} MB, ` +
    `descriptors by ${descriptors.toFixed(1)}; afterwards ${global.clients} clients, ` +
    `${left} descriptors more than at the beginning, exit code ${code}`,
)
const isFlat =
  memory < LIMITS.memory &&
  descriptors < LIMITS.descriptors &&
  global.clients === 0 &&
  left < 20 &&
  code === 0
print(isFlat ? 'flat' : 'NOT flat')
await clean()
process.exit(isFlat ? 0 : 1)
