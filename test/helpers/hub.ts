import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { resolveConfig } from '../../src/config/resolve.js'
import { createHub, type Hub, type HubOptions } from '../../src/hub.js'
import { Primary } from '../../src/workers/primary.js'
import type { Certificate } from './certificate.js'
import { HubClient } from './hub-client.js'

/** What a configuration file holds; port and address are chosen here unless it says them. */
interface Settings {
  readonly server?: object
  readonly [section: string]: unknown
}

/** A hub on a free port, and ways to talk to it. */
export interface StartedHub extends HubClient {
  readonly hub: Pick<Hub, 'start' | 'stop'>
}

/** A hub that is this process's own. */
export interface RunningHub extends StartedHub {
  readonly hub: Hub
}

/** @param certificate with which it talks TLS */
export async function startHub(
  settings: Settings = {},
  options: HubOptions = {},
  certificate?: Certificate,
): Promise<RunningHub> {
  return start(createHub(configOf(settings, certificate), options), certificate)
}

/** Starts a hub in this process, or with several workers beside its primary, which is here. */
export async function startHubOf(
  workers: number,
  settings: Settings = {},
  certificate?: Certificate,
): Promise<StartedHub> {
  if (workers === 1) return startHub(settings, {}, certificate)
  const config = configOf({ ...settings, server: { workers, ...settings.server } }, certificate)
  const onFailure = (error: Error) => {
    throw error
  }
  const logger = pino({ level: 'silent' })
  return start(new Primary(config, { logger, logLevel: 'silent', onFailure }), certificate)
}

function configOf(settings: Settings, certificate?: Certificate) {
  const server = { port: 0, 'bind-ip': '127.0.0.1', ...settings.server }
  const { cert = '', key = '' } = certificate ?? {}
  const file = { tls: { cert, key }, ...settings, server }
  return resolveConfig(file, 'the test', { env: {} }).config
}

async function start<H extends StartedHub['hub']>(hub: H, certificate?: Certificate) {
  const url = await hub.start()
  const ca = certificate && readFileSync(certificate.ca, 'utf8')
  return Object.assign(new HubClient(url, ca), { hub })
}
