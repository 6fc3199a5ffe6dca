import assert from 'node:assert/strict'
import { connectionRoom, openFilesLimit } from '../../src/limits/open-files.js'
import { bash } from '../helpers/cli.js'

describe('the room for connections', () => {
  const room = (openFiles: number, maxConnections?: number, workers = 1) =>
    connectionRoom({ workers, ...(maxConnections !== undefined && { maxConnections }) }, openFiles)

  it('is what the limit of open files leaves, at most 100,000, where nothing is said', () => {
    assert.equal(room(256).maxConnections, 192)
    assert.equal(room(1024).maxConnections, 896)
    assert.equal(room(20_000).maxConnections, 18_976)
    assert.equal(room(1_048_576).maxConnections, 100_000)
    assert.equal(room(Number.MAX_SAFE_INTEGER).maxConnections, 100_000)
    assert.equal(room(20_000, undefined, 2).maxConnections, 37_952)
    assert.equal(room(10).maxConnections, 1)
  })

  it('is never more than the limit of open files leaves, whatever is said', () => {
    assert.equal(room(1024, 500).maxConnections, 500)
    assert.equal(room(1024, 5000).maxConnections, 896)
    assert.equal(room(1024, 0).maxConnections, 896)
    assert.equal(room(1_048_576, 0).maxConnections, 1_047_552)
  })

  it('leaves a part for those who are only told to come back', () => {
    assert.equal(room(256).maxRefusals, 32)
    assert.equal(room(1_048_576).maxRefusals, 512)
  })

  it('comes with a warning that says what to do, where it is less than wanted, or little', () => {
    assert.equal(room(20_000).warning, undefined)
    assert.equal(room(20_000, 18_000).warning, undefined)
    assert.equal(room(1024, 100).warning, undefined)
    assert.equal(
      room(1024, 5000).warning,
      '1024 open files allow for 896 connections, not the 5000 of server.maxConnections: raise ' +
        'the limit of open files, as by "ulimit -n 6024", or LimitNOFILE=6024 in the unit of ' +
        'systemd, or set server.maxConnections to what is enough',
    )
    assert.match(room(1024).warning ?? '', /^1024 open files allow for 896 connections: raise /)
    assert.match(room(1024, 0).warning ?? '', /LimitNOFILE/)
  })

  it('is looked up for this process', async () => {
    const { stdout } = await bash('ulimit -n')
    const limit = stdout.trim() === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(stdout)
    // Node raises its own limit as far as it may.
    assert.ok(openFilesLimit() >= limit)
  })
})
