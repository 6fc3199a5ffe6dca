import assert from 'node:assert/strict'
import { ClassicLevel } from 'classic-level'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'
import { interceptWrites, noSpace } from '../helpers/leveldb-writes.js'

// A hub's store is in this process, with workers that of its primary.
forWorkers('while its store fails, a hub', (startHub) => {
  const { get } = ClassicLevel.prototype
  let restore = () => {}
  let hub: StartedHub
  let clean: () => Promise<void>

  before(async () => {
    const made = await makeFolder()
    clean = made.clean
    hub = await startHub({
      default: { cacheAdapter: 'leveldb' },
      leveldb: { storageDir: made.folder },
    })
  })

  afterEach(() => {
    ClassicLevel.prototype.get = get
    restore()
    hub.closeStreams()
  })
  after(async () => {
    await hub.hub.stop()
    await clean()
  })

  it('refuses events with 503 and the reason, keeps streams, and goes on by itself', async () => {
    const stream = await hub.subscribe('test')
    await hub.publish('test', { id: 1, data: '1' })
    restore = interceptWrites(noSpace)
    const refused = await hub.publish('test', { id: 2, data: '2' })
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '1')
    const { message } = await answerOf(refused)
    assert.equal(message, 'leveldb did not take the event: IO error: No space left on device')
    restore()
    assert.equal((await hub.publish('test', { id: 3, data: '3' })).status, 200)
    await stream.count(2)
    assert.deepEqual(stream.ids, ['1', '3'])
  })

  it('sends subscribers away with a 200 and a retry', async () => {
    ClassicLevel.prototype.get = noSpace
    const stream = await hub.subscribe('new')
    await stream.end()
    assert.match(stream.head, /^HTTP\/1.1 200 /)
    assert.match(stream.body, /^:ok\n\nretry: \d+\n\n$/)
    const refused = await hub.publish('new', { data: 'x' })
    assert.equal(refused.status, 503)
    assert.match((await answerOf(refused)).message, /^[^/]+: IO error: No space left on device$/)
    ClassicLevel.prototype.get = get
    await hub.subscribe('new')
    assert.equal((await hub.publish('new', { data: 'x' })).status, 200)
  })
})
