import { AmqpClient } from '../helpers/amqp-client.js'
import { connectedHub } from '../helpers/amqp-hub.js'
import { sharedRabbitmq } from '../helpers/rabbitmq-server.js'
import { uniqueName } from '../helpers/unique.js'
import { until } from '../helpers/until.js'
import { describeInput } from './contract.js'

/** What AMQP can say as a routing key, in bytes. */
const MAX_KEY = 255

describeInput({
  name: 'RabbitMQ',
  start: async (settings) => {
    const { url } = await sharedRabbitmq()
    const exchange = uniqueName()
    const hub = await connectedHub({ url, exchange, exchangeType: 'topic' }, settings)
    const client = await AmqpClient.connect(url)
    return {
      hub,
      send: async (channel, body) => {
        const { published, received } = hub.amqp
        const isShort = Buffer.byteLength(channel) <= MAX_KEY
        const path = `{"path":${JSON.stringify(channel)},`
        const content = isShort ? body : String(body).replace('{', path)
        await client.publish(exchange, isShort ? channel : 'x', Buffer.from(content))
        await until(() => {
          const { amqp } = hub
          return amqp.received > received && amqp.received === amqp.published + amqp.rejected
        })
        return hub.amqp.published > published
      },
      stop: async () => {
        await client.channel.deleteExchange(exchange)
        await client.close()
        await hub.hub.stop()
      },
    }
  },
})
