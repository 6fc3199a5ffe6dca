/**
 * What the heart of the hub adds to the cost of writing: single events to all subscribers of a
 * channel, compared with plain socket.write() of the same bytes to the same sockets, in turn and
 * in one process. A ratio that has grown is a heart that has slowed down. By hand:
 *
 *     npm run build && node dist/test/performance/heart.js [SUBSCRIBERS] [EVENTS] [ROUNDS]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { Channel } from '../../src/channel/channel.js'
import { Flusher } from '../../src/channel/flusher.js'
import { toEntry } from '../../src/event/entry.js'
import { SocketSink } from '../../src/server/socket-sink.js'
import { emptySnapshot } from '../../src/store/epoch.js'
import { Sequencer } from '../../src/store/sequencer.js'

const [subscribers = 1000, events = 40, rounds = 6] = process.argv.slice(2).map(Number)

/** Ms between two events. */
const PACE = 5

/** Turns of the event loop that a flush takes at most: it visits 256 subscribers in each. */
const TURNS = Math.ceil(subscribers / 256) + 1

/** Connects, and reads until it is ended. */
const READER = `
  const { connect } = require('node:net')
  const [port, count] = process.argv.slice(1).map(Number)
  for (let index = 0; index < count; index += 1) connect(port, '127.0.0.1').resume()
`

const event = { id: '1', data: '7'.padStart(100, '0') }

const sockets: Socket[] = []
const server = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const reader = spawn(process.execPath, ['-e', READER, `${port}`, `${subscribers}`])
while (sockets.length < subscribers) await pause(10)

const snapshot = emptySnapshot()
const sequencer = new Sequencer(snapshot, { cacheLength: 100, assignIds: false }, Date.now)
const channel = new Channel('test', new Flusher(), {
  cacheLength: 100,
  window: { events: 4096, bytes: 4_194_304 },
  writeSize: 65_536,
  pingInterval: 60_000,
  pingEvent: false,
  stallTimeout: 60_000,
  now: Date.now,
})
channel.load(snapshot)
for (const socket of sockets) channel.subscribe(new SocketSink(socket), { from: 'now' })
const { frame } = toEntry(event, { sequence: 1, place: 1, first: 1, time: 0 })

/** By the heart: from the event as it was parsed to the last subscriber's socket. */
async function publish(): Promise<void> {
  channel.accept(sequencer.next(event).entry)
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn()
}

async function writePlainly(): Promise<void> {
  for (const socket of sockets) socket.write(frame)
}

/** Us of CPU that one delivery takes. */
async function cost(deliver: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  for (let count = 0; count < events; count += 1) {
    await deliver()
    await pause(PACE)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (events * subscribers)
}

const costs = { plain: [] as number[], heart: [] as number[] }
for (let round = 0; round <= rounds; round += 1) {
  const plain = await cost(writePlainly)
  const heart = await cost(publish)
  if (round === 0) continue // to warm up
  costs.plain.push(plain)
  costs.heart.push(heart)
}
const plain = Math.min(...costs.plain)
const heart = Math.min(...costs.heart)
process.stdout.write(
  `${subscribers} subscribers, best of ${rounds} rounds: socket.write ${plain.toFixed(2)} us, ` +
    `the heart ${heart.toFixed(2)} us of CPU a delivery: ${(heart / plain).toFixed(2)}\n`,
)
reader.kill()
for (const socket of sockets) socket.destroy()
server.close()
