import assert from 'node:assert/strict'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { HubClient } from '../helpers/hub-client.js'
import { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

forWorkers('an acked event', (_, workers) => {
  const events = workers === 1 ? 10_000 : 4000
  const settings = {
    server: { workers },
    default: { cacheAdapter: 'leveldb', cacheLength: 20_000 },
  }
  let folder: string
  let clean: () => Promise<void>
  let hub: ServedHub

  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
  })
  afterEach(async () => {
    await hub.kill()
    await clean()
  })

  it('is replayed in order, once, after the hub was killed among thousands of them', async function () {
    this.timeout(60_000)
    hub = await ServedHub.startWith(settings, folder)
    const acked: string[] = []
    const publishing = publishAll(hub, events, (id) => {
      acked.push(id)
      if (acked.length === events / 2) hub.signal('SIGKILL')
    })
    await publishing
    await hub.exit()
    assert.ok(acked.length >= events / 2 && acked.length < events)

    hub = await ServedHub.startWith(settings, folder)
    const stream = await hub.subscribe('test?getcache=1')
    await hub.publish('test', { id: 'end', data: '' })
    await stream.until((body) => body.includes('id: end\n'))
    const seen = stream.ids as string[]
    assert.equal(new Set(seen).size, seen.length, 'once')
    const missing = acked.filter((id) => !new Set(seen).has(id))
    assert.deepEqual(missing, [])
    for (let publisher = 0; publisher < PUBLISHERS; publisher += 1) {
      const own = seen
        .filter((id) => id.startsWith(`${publisher}-`))
        .map((id) => Number(id.split('-')[1]))
      assert.deepEqual(
        own,
        own.toSorted((a, b) => a - b),
        'in order',
      )
    }
  })

  it('reaches 50 clients that drop and resume at random, each exactly once, in one order', async function () {
    this.timeout(60_000)
    hub = await ServedHub.startWith(settings, folder)
    const clients = Array.from({ length: 50 }, (_, seed) => new Wanderer(hub, seed))
    const wandering = clients.map((client) => client.wander())
    await until(async () => (await hub.stats()).global.clients === clients.length)
    await publishAll(hub, events / 2)
    await hub.publish('test', { id: 'end', data: '' })
    const [first, ...others] = await Promise.all(wandering)
    assert.equal(first?.length, events / 2 + 1)
    for (const seen of others) assert.deepEqual(seen, first)
  })
})

const PUBLISHERS = 8

/** Publishes from several publishers at once, each one after another; stops when the hub is gone. */
async function publishAll(
  hub: HubClient,
  count: number,
  onAck: (id: string) => void = () => {},
): Promise<void> {
  const publish = async (publisher: number) => {
    for (let number = 0; number < count / PUBLISHERS; number += 1) {
      const id = `${publisher}-${number}`
      try {
        const answer = await hub.publish('test', { id, data: id })
        await answer.arrayBuffer()
        if (answer.status === 200) onAck(id)
      } catch {
        return // the hub was killed: what was not acked does not count
      }
    }
  }
  await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(publisher)))
}

/** A client that drops its connection again and again, and comes back with the last id it saw. */
class Wanderer {
  readonly #hub: HubClient
  #random: number

  constructor(hub: HubClient, seed: number) {
    this.#hub = hub
    this.#random = seed + 1
  }

  /** Resolves with the ids of all that it saw, once it has seen the last. */
  async wander(): Promise<string[]> {
    const seen: string[] = []
    while (seen.at(-1) !== 'end') {
      const last = seen.at(-1)
      const stream = await this.#hub.subscribe('test', last ? { 'Last-Event-ID': last } : {})
      const patience = 1 + Math.floor(this.#next() * 300)
      await stream.until(
        () => stream.events.length >= patience || stream.events.at(-1)?.id === 'end',
      )
      stream.close()
      for (const { id, event } of stream.events) seen.push(id ?? `${event}`)
    }
    return seen
  }

  #next(): number {
    this.#random = (this.#random * 48_271) % 2_147_483_647
    return this.#random / 2_147_483_647
  }
}
