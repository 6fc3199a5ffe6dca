import assert from 'node:assert/strict'
import { makeCertificate } from './certificate.js'
import { startCluster } from './redis-cluster.js'
import { startSentinel } from './redis-sentinel.js'
import { type RedisServer, sharedRedis, startRedis } from './redis-server.js'

describe('a Redis of a test', () => {
  let server: RedisServer | undefined

  afterEach(async () => {
    await server?.stop()
    server = undefined
  })

  it('keeps what it has answered through a kill, where it is asked to', async () => {
    server = await startRedis({ appendOnly: true })
    assert.equal(await server.command('SET', 'key', 'value'), 'OK')
    await server.kill()
    await assert.rejects(server.command('PING'))
    await server.restart()
    assert.equal(await server.command('GET', 'key'), 'value')
  })

  it('takes only its user, over TLS', async () => {
    const certificate = await makeCertificate()
    server = await startRedis({ certificate, user: 'someone', password: 'secret' })
    assert.equal(await server.command('ACL', 'WHOAMI'), 'someone')
    assert.equal(server.url, `rediss://someone:secret@127.0.0.1:${server.port}`)
  })

  it('takes only a password', async () => {
    server = await startRedis({ password: 'secret' })
    assert.equal(await server.command('PING'), 'PONG')
  })

  it('is the same one for all that share it', async () => {
    assert.equal(await sharedRedis(), await sharedRedis())
  })
})

describe('a cluster of a test', () => {
  it('has all its slots', async () => {
    const cluster = await startCluster()
    const info = await cluster.nodes[2]?.command('CLUSTER', 'INFO')
    assert.match(String(info), /cluster_slots_ok:16384/)
    await cluster.stop()
  })
})

describe('a sentinel of a test', () => {
  it('makes the replica the master when the master is gone', async () => {
    const group = await startSentinel()
    await group.failOver()
    const [role] = (await group.replica.command('ROLE')) as string[]
    assert.equal(role, 'master')
    await group.stop()
  })
})
