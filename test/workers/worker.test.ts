import assert from 'node:assert/strict'
import { Duplex, PassThrough } from 'node:stream'
import { resolveConfig } from '../../src/config/resolve.js'
import { Link } from '../../src/workers/link.js'
import type { ToPrimary, ToWorker } from '../../src/workers/protocol.js'
import { Uplink } from '../../src/workers/uplink.js'
import { Worker } from '../../src/workers/worker.js'

const { config } = resolveConfig({}, 'the test', { env: {} })

describe('a worker', () => {
  it('ends its streams though it is told to before it has settled', async () => {
    const up = new PassThrough()
    const down = new PassThrough()
    const told: ToPrimary[] = []
    const uplink = new Uplink(Duplex.from({ readable: down, writable: up }))
    const primary = new Link<ToPrimary, ToWorker>(
      Duplex.from({ readable: up, writable: down }),
      (message) => told.push(message),
    )
    const settings = { worker: 1, config, logLevel: 'silent', url: '', credentials: undefined }
    const worker = new Worker({ ...settings, logLevel: 'silent' }, uplink, assert.ifError)
    worker.end()
    await worker.settled()
    primary.close()
    uplink.close()
  })
})
