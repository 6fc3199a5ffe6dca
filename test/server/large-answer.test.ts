import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import type { Config } from '../../src/config/config.js'
import { PendingBytes } from '../../src/limits/pending-bytes.js'
import { sendMuch } from '../../src/server/large-answer.js'
import { until } from '../helpers/until.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

const BODY = { data: 'x'.repeat(20_000_000) }

describe('an answer that is large', () => {
  const config = { server: { stallTimeout: 60 } } as Config
  let app: FastifyInstance
  let pending: PendingBytes
  let client: Socket
  let connection: Socket | undefined
  let answer: () => void

  beforeEach(async () => {
    pending = new PendingBytes(0)
    connection = undefined
    const permission = new Promise<void>((resolve) => {
      answer = resolve
    })
    app = fastify()
    app.get('/', async (request, reply) => {
      connection = request.raw.socket
      await permission
      return sendMuch(reply, BODY, { pending, config })
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    client = connect((app.server.address() as AddressInfo).port, '127.0.0.1').pause()
    await once(client, 'connect')
  })

  afterEach(async () => {
    client.destroy()
    await app.close()
  })

  it('counts for nobody who has gone, also where it waited for the one before it', async () => {
    client.write(REQUEST + REQUEST + REQUEST)
    answer()
    await until(() => pending.bytes > 2 * BODY.data.length)
    client.resetAndDestroy()
    await until(() => pending.bytes === 0)
  })

  it('does not count for who went before it was there', async () => {
    client.write(REQUEST)
    await until(() => connection !== undefined)
    client.destroy()
    await once(connection as unknown as Socket, 'close')
    answer()
    for (let turns = 0; turns < 20; turns += 1) await nextTurn()
    assert.equal(pending.bytes, 0)
  })
})
