import assert from 'node:assert/strict'
import { Duplex, PassThrough } from 'node:stream'
import { resolveConfig } from '../../src/config/resolve.js'
import { type Entry, NOTHING, type Snapshot, toEntry } from '../../src/event/entry.js'
import { checkEvent } from '../../src/event/event.js'
import { ConnectionLimits } from '../../src/limits/connection-limits.js'
import { LevelStore } from '../../src/store/leveldb.js'
import { MemoryStore } from '../../src/store/memory.js'
import { type Follower, NOBODY, type Store } from '../../src/store/store.js'
import { IpcStore } from '../../src/workers/ipc-store.js'
import { Link } from '../../src/workers/link.js'
import type { ToPrimary, ToWorker } from '../../src/workers/protocol.js'
import { Seats } from '../../src/workers/seats.js'
import { type Request, Session } from '../../src/workers/session.js'
import { Switchboard } from '../../src/workers/switchboard.js'
import { Uplink } from '../../src/workers/uplink.js'
import { makeFolder } from '../helpers/folder.js'
import { until } from '../helpers/until.js'
import { describeStore } from '../store/contract.js'

const { config } = resolveConfig({}, 'the test', { env: {} })
const NO_FIGURES = { stats: () => assert.fail(), groupStats: () => assert.fail() }
const NO_SEATS = new Seats(new ConnectionLimits({ maxConnections: 0, maxConnectionsPerIp: 0 }))
const OPTIONS = { cacheLength: 100, assignIds: false }

/** A worker's end and its primary's of a link in this process. */
function linked(switchboard: Switchboard) {
  const up = new PassThrough()
  const down = new PassThrough()
  const uplink = new Uplink(Duplex.from({ readable: down, writable: up }))
  const stream = Duplex.from({ readable: up, writable: down })
  const link: Link<ToPrimary, ToWorker> = new Link(stream, (message) =>
    session.receive(message as Request),
  )
  const session = new Session(link, switchboard, NO_FIGURES, NO_SEATS)
  link.onClose = () => session.close()
  return { store: new IpcStore('memory', uplink), uplink, link, session, down }
}

/** A store as a worker has it, whose primary ends with it. */
function remote(behind: Store, now: () => number): Store {
  const { store, uplink } = linked(new Switchboard(config, new Map([['memory', behind]]), now))
  return {
    start: () => behind.start(),
    channels: () => store.channels(),
    open: (...args) => store.open(...args),
    stop: async () => {
      uplink.close()
      await behind.stop()
    },
  }
}

/** A store that shows who follows its channel. */
class WatchedStore extends MemoryStore {
  follower: Follower = NOBODY

  override open(...args: Parameters<MemoryStore['open']>) {
    this.follower = args[2]
    return super.open(...args)
  }
}

describeStore({
  name: 'memory, through a primary',
  isDurable: false,
  make: async (now) => {
    const again = () => remote(new MemoryStore({ now }), now)
    return { store: again(), again, clean: async () => {} }
  },
})

describeStore({
  name: 'leveldb, through a primary',
  isDurable: true,
  make: async (now) => {
    const { folder, clean } = await makeFolder()
    const again = () => remote(new LevelStore({ storageDir: folder, now }), now)
    return { store: again(), again, clean }
  },
})

describe('workers on one primary', () => {
  let switchboard: Switchboard
  let one: IpcStore
  let other: IpcStore
  let uplinks: Uplink[]
  let ends: readonly ReturnType<typeof linked>[]

  beforeEach(() => {
    switchboard = new Switchboard(config, new Map([['memory', new MemoryStore()]]))
    const links = [linked(switchboard), linked(switchboard)] as const
    ends = links
    uplinks = links.map(({ uplink }) => uplink)
    one = links[0].store
    other = links[1].store
  })
  afterEach(() => {
    for (const uplink of uplinks) uplink.close()
  })

  const follower = () => {
    const loaded: Snapshot[] = []
    const ids: (string | undefined)[] = []
    return {
      loaded,
      ids,
      load: (snapshot: Snapshot) => loaded.push(snapshot),
      accept: ({ id }: Entry) => ids.push(id),
    }
  }

  it('are told of the events of all, in one order', async () => {
    const first = follower()
    const second = follower()
    const channels = [
      await one.open('test', OPTIONS, first),
      await other.open('test', OPTIONS, second),
    ]
    const appends = Array.from({ length: 500 }, (_, n) =>
      channels[n % 2]?.append(checkEvent({ id: `${n}`, data: '' })),
    )
    const numbers = (await Promise.all(appends)).map((entry) => entry?.sequence)
    for (const channel of channels) await channel.catchUp()
    assert.equal(new Set(first.ids).size, 500)
    assert.deepEqual(second.ids, first.ids)
    assert.equal(new Set(numbers).size, 500)
  })

  it('begin with what there is, and miss nothing between that and what comes', async () => {
    const writer = await one.open('test', OPTIONS, NOBODY)
    for (let id = 1; id <= 3; id += 1) await writer.append(checkEvent({ id: `${id}`, data: '' }))
    const late = follower()
    const appends = [4, 5, 6].map((id) => writer.append(checkEvent({ id: `${id}`, data: '' })))
    const reader = await other.open('test', OPTIONS, late)
    await Promise.all(appends)
    await reader.catchUp()
    const ids = [...(late.loaded[0]?.entries ?? []).map(({ id }) => id), ...late.ids]
    assert.deepEqual(ids, ['1', '2', '3', '4', '5', '6'])
  })

  it('are told of a long history in parts, and after it of what came meanwhile', async () => {
    const writer = await one.open('test', OPTIONS, NOBODY)
    const data = 'x'.repeat(200_000)
    const append = (id: number) => writer.append(checkEvent({ id: `${id}`, data }))
    for (let id = 1; id <= 50; id += 1) await append(id)
    const end = ends[1]
    let longest = 0
    end?.down.on('data', (chunk: Buffer) => {
      longest = Math.max(longest, chunk.length)
    })
    const late = follower()
    const opening = other.open('test', OPTIONS, late)
    for (let id = 51; id <= 70; id += 1) await append(id)
    await (await opening).catchUp()
    assert.equal(late.loaded.length, 1)
    const ids = [...(late.loaded[0]?.entries ?? []).map(({ id }) => id), ...late.ids]
    assert.deepEqual(
      ids,
      Array.from({ length: 70 }, (_, index) => `${index + 1}`),
    )
    assert.ok(late.ids.length > 0 && late.ids.length <= 20, `${late.ids.length} came meanwhile`)
    assert.ok(longest < 2_000_000, `${longest} bytes in one`)
  })

  it('are told anew of a channel that is opened anew while its history is on its way', async () => {
    const writer = await one.open('test', OPTIONS, NOBODY)
    const data = 'x'.repeat(500_000)
    for (let id = 1; id <= 10; id += 1) await writer.append(checkEvent({ id: `${id}`, data }))
    const first = follower()
    const second = follower()
    const openings = [other.open('test', OPTIONS, first), other.open('test', OPTIONS, second)]
    await Promise.all(openings)
    await writer.append(checkEvent({ id: 'last', data: '' }))
    await (await openings[1])?.catchUp()
    assert.deepEqual(first.loaded, [])
    assert.equal(second.loaded.length, 1)
    assert.equal(second.loaded[0]?.entries.length, 10)
    assert.deepEqual(second.ids, ['last'])
  })

  it('are told of a reset, though the channel breaks again while that is on its way', async () => {
    const store = new WatchedStore()
    const { store: worker, uplink } = linked(new Switchboard(config, new Map([['memory', store]])))
    const told: unknown[] = []
    const reader: Follower = { ...NOBODY, load: (_snapshot, broken) => told.push(broken) }
    await worker.open('test', OPTIONS, reader)
    const entries = Array.from({ length: 10 }, (_, index) => {
      const sequence = index + 1
      const id = `${sequence}`
      const at = { sequence, place: sequence, first: sequence, time: 0 }
      return { ...toEntry({ id, data: 'x'.repeat(500_000) }, at), id }
    })
    const snapshot = { ...NOTHING, epoch: 'another', head: 10, entries }
    store.follower.load(snapshot, 'reset')
    store.follower.load(snapshot, 'evicted')
    await until(() => told.length > 1)
    assert.deepEqual(told, [undefined, 'reset'])
    uplink.close()
  })

  it('are not waited for while they are silent, however far behind', async () => {
    const writer = await one.open('test', OPTIONS, NOBODY)
    await other.open('test', OPTIONS, NOBODY)
    const hung = ends[1]
    assert.ok(hung)
    hung.uplink.send({ kind: 'backlog', channel: 'test', isBacklogged: true })
    await hung.uplink.call('catchUp', 'test')
    let isDone = false
    const append = writer.append(checkEvent({ data: '' })).then(() => {
      isDone = true
    })
    await writer.catchUp()
    assert.equal(isDone, false)
    hung.link.isAwaited = false
    hung.session.release()
    await append
    hung.link.isAwaited = true
    isDone = false
    const next = writer.append(checkEvent({ data: '' }))
    await writer.catchUp()
    assert.equal(isDone, false)
    hung.uplink.send({ kind: 'backlog', channel: 'test', isBacklogged: false })
    await next
  })

  it('are told nothing of a channel that they have closed, and all of it once open again', async () => {
    const writer = await one.open('test', OPTIONS, NOBODY)
    const first = follower()
    const closed = await other.open('test', OPTIONS, first)
    closed.close()
    await writer.append(checkEvent({ id: 'a', data: '' }))
    const second = follower()
    await other.open('test', OPTIONS, second)
    await writer.append(checkEvent({ id: 'b', data: '' }))
    await (await other.open('else', OPTIONS, NOBODY)).catchUp()
    assert.deepEqual(first.ids, [])
    assert.deepEqual(
      second.loaded[0]?.entries.map(({ id }) => id),
      ['a'],
    )
    assert.deepEqual(second.ids, ['b'])
  })

  it('wait with their appends while one of them lags, in order, but not for one that has gone', async () => {
    const writer = await one.open('test', OPTIONS, NOBODY)
    let lag: () => void = () => {}
    const slow: Follower & { isBacklogged: boolean } = {
      ...NOBODY,
      isBacklogged: true,
      ready: () =>
        new Promise((resolve) => {
          lag = resolve
        }),
    }
    await other.open('test', OPTIONS, slow)
    await writer.append(checkEvent({ id: '0', data: '' }))
    await uplinks[1]?.call('catchUp', 'test') // by then the primary knows that it lags
    const order: string[] = []
    const append = async (id: string) => {
      await writer.append(checkEvent({ id, data: '' }))
      order.push(id)
    }
    const appends = ['1', '2'].map(append)
    await writer.catchUp()
    assert.deepEqual(order, [])
    slow.isBacklogged = false
    lag()
    await Promise.all(appends)
    slow.isBacklogged = true
    await append('3')
    await uplinks[1]?.call('catchUp', 'test')
    const last = append('4')
    uplinks[1]?.close()
    await last
    assert.deepEqual(order, ['1', '2', '3', '4'])
  })

  it('fail what they ask for when the primary has gone', async () => {
    const channel = await one.open('test', OPTIONS, NOBODY)
    const append = channel.append(checkEvent({ data: '' }))
    uplinks[0]?.close()
    await assert.rejects(append, { code: 'STORE_UNAVAILABLE' })
  })
})
