import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificate } from './certificate.js'
import { makeFolderOfRun } from './folder.js'
import { freePort } from './port.js'

interface Listeners {
  readonly port: number
  readonly tlsPort: number
  readonly certificate: Certificate
}

/** What keeps a broker, and what talks to it, apart from all others on this machine. */
export async function makeEnvironment(listeners: Listeners): Promise<NodeJS.ProcessEnv> {
  const folder = makeFolderOfRun()
  const path = (name: string) => join(folder, name)
  await writeFile(path('plugins'), '[].')
  await writeFile(path('rabbitmq.conf'), configuration(listeners))
  const port = await freePort()
  const users = Object.entries(process.env).filter(([name]) => !/^(RABBITMQ|ERL)_/.test(name))
  return {
    ...Object.fromEntries(users),
    HOME: folder,
    ERL_MAX_PORTS: '65536', // else it has room for as many as there may be open files
    ERL_EPMD_PORT: `${await freePort()}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_DIST_PORT: `${port}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: folder,
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_PID_FILE: path('pid'),
    RABBITMQ_CONFIG_FILE: path('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: path('none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path('plugins'),
  }
}

function configuration({ port, tlsPort, certificate }: Listeners): string {
  return `
    listeners.tcp.1 = 127.0.0.1:${port}
    listeners.ssl.1 = 127.0.0.1:${tlsPort}
    ssl_options.cacertfile = ${certificate.ca}
    ssl_options.certfile = ${certificate.cert}
    ssl_options.keyfile = ${certificate.key}
    disk_free_limit.absolute = 1MB
  `.replaceAll(/^ +/gm, '')
}
