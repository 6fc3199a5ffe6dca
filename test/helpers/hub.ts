import { resolveConfig } from '../../src/config/resolve.js'
import { createHub, type Hub, type HubOptions } from '../../src/hub.js'
import { HubClient } from './hub-client.js'

/** A hub in this process on a free port, and ways to talk to it. */
export interface RunningHub extends HubClient {
  readonly hub: Hub
}

/** @param settings what a configuration file holds; port and address are chosen here */
export async function startHub(
  settings: { server?: object; [section: string]: unknown } = {},
  options: HubOptions = {},
): Promise<RunningHub> {
  const server = { port: 0, 'bind-ip': '127.0.0.1', ...settings.server }
  const { config } = resolveConfig({ ...settings, server }, 'the test', { env: {} })
  const hub = createHub(config, options)
  const url = await hub.start()
  return Object.assign(new HubClient(url), { hub })
}
