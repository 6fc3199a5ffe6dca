import assert from 'node:assert/strict'
import { decodeEvent } from '../../src/event/encode.js'
import type { Entry, KeptEntry, Snapshot } from '../../src/event/entry.js'
import { checkEvent } from '../../src/event/event.js'
import { type Departed, History } from '../../src/event/history.js'
import type { Store, StoredChannel, StoredChannelOptions } from '../../src/store/store.js'

/** A cache adapter under test. */
export interface Adapter {
  readonly name: string
  /** Whether what it holds outlives the process. */
  readonly isDurable: boolean
  /** A store on a place of its own, which `again` opens once more after a stop. */
  make(now: () => number): Promise<{ store: Store; again: () => Store; clean: () => Promise<void> }>
}

const OPTIONS: StoredChannelOptions = { cacheLength: 3, assignIds: false }

/** What every cache adapter has to hold to. */
export function describeStore({ name, isDurable, make }: Adapter): void {
  describe(`the ${name} store`, () => {
    let store: Store
    let again: () => Store
    let clean: () => Promise<void>
    let loaded: Snapshot[]
    let followed: Entry[]
    let now: number

    const open = (channel = 'test', options: Partial<StoredChannelOptions> = {}) =>
      store.open(
        channel,
        { ...OPTIONS, ...options },
        { load: (snapshot) => loaded.push(snapshot), accept: (entry) => followed.push(entry) },
      )

    const append = async (channel: StoredChannel, ...ids: (string | undefined)[]) => {
      for (const id of ids) await channel.append(checkEvent({ id, data: `data of ${id}` }))
    }

    const idsOf = async (channel: StoredChannel, after = 0) =>
      (await channel.read(after)).entries.map((entry) => entry.id)

    beforeEach(async () => {
      loaded = []
      followed = []
      now = 0
      ;({ store, again, clean } = await make(() => now))
      await store.start()
    })

    afterEach(async () => {
      await store.stop()
      await clean()
    })

    it('numbers events from 1, each one more than the one before', async () => {
      const channel = await open()
      await append(channel, 'a', undefined, 'b')
      assert.deepEqual(
        followed.map(({ sequence, id }) => [sequence, id]),
        [
          [1, 'a'],
          [2, undefined],
          [3, 'b'],
        ],
      )
    })

    it('numbers events that are appended at once in the order of the appends', async () => {
      const channel = await open()
      const ids = Array.from({ length: 200 }, (_, index) => `id-${index}`)
      const entries = await Promise.all(
        ids.map((id) => channel.append(checkEvent({ id, data: '' }))),
      )
      assert.deepEqual(
        entries.map(({ id }) => id),
        ids,
      )
      assert.deepEqual(
        entries.map(({ sequence }) => sequence),
        ids.map((_, index) => index + 1),
      )
      assert.deepEqual(followed, entries)
    })

    it('has shown an event to its follower when the append resolves', async () => {
      const channel = await open()
      const entry = await channel.append(checkEvent({ id: 'a', data: 'x' }))
      assert.deepEqual(followed.at(-1), entry)
    })

    it('tells its follower what there is when it is opened, and then only of events', async () => {
      const channel = await open()
      assert.deepEqual(loaded, [await channel.read(0)])
      await append(channel, 'a', 'b')
      await channel.catchUp()
      assert.equal(loaded.length, 1)
      assert.equal(followed.length, 2)
    })

    it('appends an event once that is delivered again, and knows it by its key', async () => {
      const channel = await open()
      const deliver = (key: string, isRepeat: boolean) =>
        channel.append(checkEvent({ data: key }), { key, isRepeat })
      const results = await Promise.all([
        deliver('k1', false),
        deliver('k2', true),
        deliver('k1', true),
        deliver('k2', true),
        deliver('k1', false),
      ])
      assert.deepEqual(
        results.map((entry) => entry?.sequence),
        [1, 2, undefined, undefined, 3],
      )
      assert.deepEqual(
        followed.map(({ sequence }) => sequence),
        [1, 2, 3],
      )
    })

    it('knows deliveries for each channel', async () => {
      const delivery = { key: 'same', isRepeat: true }
      for (const name of ['one', 'other']) {
        const channel = await open(name)
        assert.ok(await channel.append(checkEvent({ data: 'x' }), delivery))
        assert.equal(await channel.append(checkEvent({ data: 'x' }), delivery), undefined)
      }
    })

    it('keeps the events with an id that came last, as many as the history is long', async () => {
      const channel = await open()
      await append(channel, '1', '2', undefined, '3', '4')
      assert.deepEqual(await idsOf(channel), ['2', '3', '4'])
      assert.equal((await channel.read(0)).evictedThrough, 1)
    })

    it('reads on from a sequence number', async () => {
      const channel = await open()
      await append(channel, '1', '2', '3')
      assert.deepEqual(await idsOf(channel, 2), ['3'])
      assert.equal((await channel.read(2)).head, 3)
    })

    it('replaces an event of the same id, whose place it takes', async () => {
      const channel = await open()
      await append(channel, 'a', 'b', 'a')
      const { entries } = await channel.read(0)
      assert.deepEqual(
        entries.map(({ id, sequence, place }) => [id, sequence, place]),
        [
          ['b', 2, 2],
          ['a', 3, 1],
        ],
      )
    })

    it('gives back every event as it came', async () => {
      const channel = await open()
      const event = {
        id: '~é'.slice(0, 1),
        event: 'Nachricht ü',
        retry: 700,
        data: 'one\n\ntwo\u2028',
      }
      await channel.append(checkEvent(event))
      const [entry] = (await channel.read(0)).entries
      assert.deepEqual(decodeEvent(entry?.frame as Buffer), event)
    })

    it('gives events an id where it is to, which no other event ever has', async () => {
      const channel = await open('test', { assignIds: true })
      await append(channel, undefined, 'own', undefined)
      const { epoch, entries } = await channel.read(0)
      assert.deepEqual(
        entries.map(({ id }) => id),
        [`${epoch}-1`, 'own', `${epoch}-3`],
      )
    })

    it('keeps channels apart, whatever their names', async () => {
      const names = [
        'a',
        'ab',
        'a/b',
        '..',
        '__proto__',
        'constructor',
        'é',
        'e\u0301',
        '{x}:*',
        'A',
      ]
      for (const channel of names) await append(await open(channel), 'id')
      assert.deepEqual((await store.channels()).toSorted(), names.toSorted())
      for (const entry of followed) assert.equal(entry.sequence, 1)
    })

    it('knows no channel that never had an event', async () => {
      await open('empty')
      assert.deepEqual(await store.channels(), [])
    })

    it('keeps nothing with a history of length 0', async () => {
      const channel = await open('test', { cacheLength: 0 })
      await append(channel, '1', '2')
      assert.deepEqual(await idsOf(channel), [])
      assert.equal((await channel.read(0)).head, 2)
    })

    it('keeps no more bytes of events than it is to, nor an event that alone has more', async () => {
      const channel = await open('test', { cacheBytes: 60 })
      const publish = (id: string, bytes: number) =>
        channel.append(checkEvent({ id, data: 'x'.repeat(bytes - 'id: 1\ndata: \n\n'.length) }))
      await publish('1', 20)
      await publish('2', 20)
      await publish('3', 20)
      assert.deepEqual(await idsOf(channel), ['1', '2', '3'])
      await publish('2', 21)
      assert.deepEqual(await idsOf(channel), ['3', '2'])
      await publish('4', 61)
      assert.deepEqual(await idsOf(channel), [])
      assert.equal((await channel.read(0)).evictedThrough, 5)
      await publish('5', 60)
      assert.deepEqual(await idsOf(channel), ['5'])
    })

    it('keeps no event that is too old, for readers at once, for good with the next', async () => {
      const channel = await open('test', { cacheTtl: 10 })
      await append(channel, 'a')
      now = 5000
      await append(channel, 'b')
      now = 10_000
      assert.deepEqual(await idsOf(channel), ['a', 'b'])
      now = 10_001
      assert.deepEqual(await idsOf(channel), ['b'])
      assert.equal((await channel.read(0)).evictedThrough, 1)
      await append(channel, 'c', 'a')
      now = 0
      const { entries } = await channel.read(0)
      assert.deepEqual(
        entries.map(({ id, place, first }) => [id, place, first]),
        [
          ['b', 2, 2],
          ['c', 3, 3],
          ['a', 4, 1],
        ],
      )
    })

    it('lets an event that was dated ahead hold back none that came after it', async () => {
      const channel = await open('test', { cacheTtl: 10 })
      now = 1_000_000
      await append(channel, 'ahead', 'too')
      now = 1000
      await append(channel, 'a')
      now = 11_000
      assert.deepEqual(await idsOf(channel), ['ahead', 'too', 'a'])
      now = 11_001
      assert.deepEqual(await idsOf(channel), [])
      await append(channel, 'b')
      now = 0
      assert.deepEqual(await idsOf(channel), ['b'], 'they are gone for good')
      assert.equal((await channel.read(0)).evictedThrough, 3)
    })

    if (!isDurable) return

    describe('opened again', () => {
      const reopen = async () => {
        await store.stop()
        store = again()
        await store.start()
      }

      it('has the same channels, histories and epochs', async () => {
        const before = await open()
        await append(before, '1', '2', '1', undefined, '3', '4', undefined)
        const snapshot = await before.read(0)
        await reopen()
        assert.deepEqual(await store.channels(), ['test'])
        assert.deepEqual(await (await open()).read(0), snapshot)
        assert.deepEqual(loaded.at(-1), snapshot)
      })

      it('still knows when an id was first sent that has come again, or has left', async () => {
        await append(await open(), 'a', 'b', 'c', 'd', 'e', 'a', 'b', 'b')
        await reopen()
        const { entries, departed } = await (await open()).read(0)
        assert.deepEqual(
          entries.map(({ id, first }) => [id, first]),
          [
            ['e', 5],
            ['a', 1],
            ['b', 2],
          ],
        )
        assert.deepEqual(departed, [
          { id: 'c', sequence: 3, first: 3 },
          { id: 'd', sequence: 4, first: 4 },
        ])
      })

      it('goes on with the next number, though the last event was not kept', async () => {
        await append(await open(), '1', undefined)
        await reopen()
        followed = []
        await append(await open(), '3')
        assert.equal(followed[0]?.sequence, 3)
      })

      it('still knows what was delivered', async () => {
        const deliver = async (channel: StoredChannel, key: string) =>
          channel.append(checkEvent({ data: key }), { key, isRepeat: true })
        const before = await open()
        for (const key of ['k2', 'k1']) await deliver(before, key)
        await reopen()
        const after = await open()
        for (const key of ['k1', 'k2']) assert.equal(await deliver(after, key), undefined)
        assert.equal((await deliver(after, 'k3'))?.sequence, 3)
      })

      it('cuts the history when it is to be shorter now', async () => {
        await append(await open(), '1', '2', '3')
        await reopen()
        const channel = await open('test', { cacheLength: 1 })
        assert.deepEqual(await idsOf(channel), ['3'])
        assert.equal((await channel.read(0)).evictedThrough, 2)
      })

      it('keeps no event that became too old meanwhile', async () => {
        await append(await open('test', { cacheTtl: 10 }), 'a', 'b')
        now = 10_001
        await reopen()
        const channel = await open('test', { cacheTtl: 10 })
        assert.deepEqual(await idsOf(channel), [])
        assert.equal(loaded.at(-1)?.evictedThrough, 2)
      })

      for (const limits of [
        { cacheLength: 3 },
        { cacheLength: 5, cacheBytes: 90 },
        { cacheLength: 5, cacheTtl: 4 },
        { cacheLength: 6, cacheBytes: 110, cacheTtl: 7 },
      ]) {
        it(`has kept just what a history of ${JSON.stringify(limits)} holds`, async () => {
          const history = new History<KeptEntry>(limits)
          const channel = await open('test', limits)
          for (let count = 0; count < 100; count += 1) {
            now += (count * 373) % 2000
            const event = checkEvent({ id: `${(count * 7) % 11}`, data: 'x'.repeat(count % 13) })
            const entry = (await channel.append(event)) as KeptEntry
            history.expire(now)
            history.add(entry)
          }
          await reopen()
          const { entries, departed } = await (await open('test', limits)).read(0)
          assert.deepEqual(entries, [...history.after(0)])
          const bySequence = (a: Departed, b: Departed) => a.sequence - b.sequence
          assert.deepEqual(departed, [...history.departed].toSorted(bySequence))
        })
      }
    })
  })
}
