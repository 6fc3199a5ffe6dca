import { Socket } from 'node:net'
import { toFailure } from '../failure.js'
import { Hub } from '../hub.js'
import { createLogger } from '../log/logger.js'
import { cannotListen } from '../server/listening.js'
import type { Admission, WorkerSettings } from './protocol.js'
import { Uplink } from './uplink.js'
import { Worker } from './worker.js'

// What a worker's process runs. Beside the channel for connections it has a socket to its primary.

/** The file descriptor of that socket. */
const LINK = 4

const uplink = new Uplink(new Socket({ fd: LINK }))
let worker: Worker | undefined
let hub: Hub | undefined

uplink.onOrder = (order) => {
  obey(order).catch(fail)
}
uplink.onClose = () => process.exit(1)
process.on('message', (admission: Admission, socket) => worker?.admit(admission, socket))

// They are sent to the whole group, as by Ctrl-C: it is the primary that acts on them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.on('SIGUSR1', () => {}) // Node would open a debugger's port

async function obey(order: Parameters<Uplink['onOrder']>[0]): Promise<void> {
  switch (order.kind) {
    case 'start':
      await start(order.settings)
      break
    case 'credentials':
      hub?.renew(order.credentials)
      break
    case 'ping':
      worker?.pong()
      break
    case 'settle':
      await hub?.stop()
      process.exit()
      break
    case 'end':
      worker?.end()
  }
}

function fail(error: unknown): void {
  uplink.send({ kind: 'failed', failure: toFailure(error) }) // and the primary ends this process
}

async function start(settings: WorkerSettings): Promise<void> {
  const { config, logLevel, worker: number } = settings
  const logger = createLogger(logLevel, config.server.logdir)
  const log = logger.child({ worker: number })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the worker failed')
    process.exit(1)
  })
  const { bindIp, port } = config.server
  worker = new Worker(settings, uplink, (error) => fail(cannotListen(bindIp, port, error)))
  hub = new Hub(config, { logger: log }, worker)
  await hub.start()
  uplink.send({ kind: 'up' })
}
