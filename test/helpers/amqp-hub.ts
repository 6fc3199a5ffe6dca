import type { HubOptions } from '../../src/hub.js'
import type { AmqpStats } from '../../src/input/amqp-input.js'
import { type RunningHub, startHub } from './hub.js'
import { until } from './until.js'

/** A hub that takes events from a broker. */
export interface AmqpHub extends RunningHub {
  /** The figures of its input. */
  readonly amqp: AmqpStats
}

/** Tries again soon, so that no test waits. */
const soon = () => 0.02

/** Starts a hub; does not wait for the broker. */
export async function startAmqpHub(
  amqp: object,
  settings: object = {},
  options: HubOptions = {},
): Promise<AmqpHub> {
  const hub = await startHub(
    { ...settings, amqp: { enabled: true, ...amqp } },
    { random: soon, ...options },
  )
  return Object.defineProperty(hub, 'amqp', { get: () => hub.hub.stats().amqp }) as AmqpHub
}

/** Starts a hub, and waits until events can come from the broker. */
export async function connectedHub(...args: Parameters<typeof startAmqpHub>): Promise<AmqpHub> {
  const hub = await startAmqpHub(...args)
  await until(() => hub.amqp.connected)
  return hub
}
