import { readFileSync } from 'node:fs'
import { resolveConfig } from '../../src/config/resolve.js'
import { createHub, type Hub, type HubOptions } from '../../src/hub.js'
import type { Certificate } from './certificate.js'
import { HubClient } from './hub-client.js'

/** A hub in this process on a free port, and ways to talk to it. */
export interface RunningHub extends HubClient {
  readonly hub: Hub
}

/**
 * @param settings what a configuration file holds; port and address are chosen here
 * @param certificate with which it talks TLS
 */
export async function startHub(
  settings: { server?: object; [section: string]: unknown } = {},
  options: HubOptions = {},
  certificate?: Certificate,
): Promise<RunningHub> {
  const server = { port: 0, 'bind-ip': '127.0.0.1', ...settings.server }
  const { ca, cert = '', key = '' } = certificate ?? {}
  const file = { tls: { cert, key }, ...settings, server }
  const { config } = resolveConfig(file, 'the test', { env: {} })
  const hub = createHub(config, options)
  const url = await hub.start()
  return Object.assign(new HubClient(url, ca && readFileSync(ca, 'utf8')), { hub })
}
