import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'amqplib'
import { ownRabbitmq, type RabbitServer } from './rabbitmq-server.js'
import { uniqueName } from './unique.js'

describe('a RabbitMQ of a test', function () {
  this.timeout(60_000)

  let server: RabbitServer

  before(async () => {
    server = await ownRabbitmq()
  })

  it('takes connections, and closes them when it is told to', async () => {
    const connection = await connect(server.url)
    connection.on('error', () => {})
    const closed = once(connection, 'close')
    await server.closeConnections('a test')
    assert.match(String((await closed)[0]), /a test/)
  })

  it('talks TLS', async () => {
    const ca = [readFileSync(server.certificate.ca)]
    await (await connect(server.tlsUrl, { ca })).close()
  })

  it('blocks those that publish, and lets them go on', async () => {
    await server.blockPublishers()
    const connection = await connect(server.url)
    const channel = await connection.createChannel()
    const blocked = once(connection, 'blocked')
    channel.publish('amq.fanout', '', Buffer.from('x'))
    await blocked
    const unblocked = once(connection, 'unblocked')
    await server.unblock()
    await unblocked
    await connection.close()
  })

  it('goes away, comes back, and has kept what is durable', async () => {
    const queue = uniqueName()
    const connection = await connect(server.url)
    connection.on('error', () => {})
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue(queue, { durable: true })
    channel.sendToQueue(queue, Buffer.from('x'), { persistent: true })
    await channel.waitForConfirms()
    await server.restart()
    await server.stopApp()
    await assert.rejects(connect(server.url), { code: 'ECONNREFUSED' })
    await server.startApp()
    assert.match(await server.ctl('list_queues'), new RegExp(`${queue}\t1`))
    await server.ctl('delete_queue', queue)
  })
})
