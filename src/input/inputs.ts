import { hostname } from 'node:os'
import type { Config } from '../config/config.js'
import { AmqpInput } from './amqp-input.js'
import type { IntakeOptions } from './intake.js'

/**
 * What takes events from RabbitMQ, if the configuration says so; not started.
 *
 * @throws {HubError} `INVALID_CONFIG` if the file of `amqp.ca` cannot be read
 */
export function makeAmqpInput(
  config: Config,
  options: Omit<IntakeOptions, 'maxEventBytes'>,
): AmqpInput | undefined {
  const { amqp, server, channels, channelDefaults } = config
  if (!amqp.enabled) return undefined
  const isShared = [channelDefaults, ...channels.values()].some((c) => c.cacheAdapter === 'redis')
  if (isShared && amqp.mode !== 'shared') {
    options.logger.warn(
      `amqp.mode is ${amqp.mode} and channels are in Redis: of several hubs there, each would ` +
        'append every event once more; for those, set amqp.mode to "shared"',
    )
  }
  return new AmqpInput({
    ...options,
    maxEventBytes: server.maxEventBytes,
    config: amqp,
    name: `ssehub.${hostname()}.${server.port}`,
  })
}
