import { isatty } from 'node:tty'
import { Flags } from '@oclif/core'
import { BaseCommand } from '../src/cli/base-command.js'
import { EXIT, withExitCodes } from '../src/cli/exit-code.js'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export default class Serve extends BaseCommand {
  static override summary = 'run the hub'
  static override description = withExitCodes(
    `Runs the hub until it is told to stop by SIGTERM or SIGINT; then it finishes what is under way, ends all streams so that clients come back, and closes its store. A second signal ends it at once. It also stops when its terminal is closed; on any other SIGHUP, as under nohup, it goes on.

Without --config it starts on the configuration that comes with it: history in leveldb, channels made as events come, publishing from this machine only. Any key can also be set by the environment, as in SSEHUB_SERVER_PORT. The log goes to standard error.`,
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config /etc/ssehub/config.json',
    'SSEHUB_DEFAULT_CACHELENGTH=5000 <%= config.bin %> <%= command.id %> --port 9000',
  ]
  static override flags = {
    config: Flags.string({
      description: 'the configuration',
      helpValue: 'FILE',
      env: 'SSEHUB_CONFIG',
    }),
    port: Flags.integer({
      description: 'listen on this port; 0 takes a free one',
      min: 0,
      max: 65535,
    }),
    host: Flags.string({ description: 'listen on this address', helpValue: 'ADDR' }),
    'log-level': Flags.option({
      description: 'log what is at least this serious',
      options: LOG_LEVELS,
      default: 'info' as const,
      env: 'SSEHUB_LOG_LEVEL',
    })(),
  }

  #isInterrupted = false
  #hub: { stop(): Promise<void> } | undefined

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve)
    // Loaded only here: other commands, and --help, start without it.
    const { createLogger, createHub, loadConfig, Primary } = await import('../src/cli/serving.js')
    const { config, file, warnings } = loadConfig({ file: flags.config, flags })
    const logger = createLogger(flags['log-level'], config.server.logdir)
    for (const warning of warnings) logger.warn(warning)
    const onFailure = (error: Error) => this.#end(error)
    const hub =
      config.server.workers > 1
        ? new Primary(config, { logger, logLevel: flags['log-level'], onFailure })
        : createHub(config, { logger })
    this.#hub = hub
    process.once('SIGTERM', () => this.interrupted())
    // Node undoes what nohup does, so that it is not for nothing only here.
    const terminals = [0, 1, 2].filter((fd) => isatty(fd))
    process.on('SIGHUP', () => {
      if (terminals.some((fd) => !isatty(fd))) this.interrupted()
      else hub.reload()
    })
    process.on('SIGUSR1', () => {}) // Node would open a debugger's port
    this.print(`${this.config.bin} ${this.config.version}, configured by ${file}`)
    for (const place of hub.histories) this.print(`history in ${place}`)
    const url = await hub.start().catch((error: Error) => {
      if (!this.#isInterrupted) throw error
    })
    if (url === undefined) return // what was starting has been ended with it
    this.print(`listening on ${url}`)
    logger.info({ url, file, histories: hub.histories }, 'the hub is up')
  }

  protected override interrupted(): void {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.removeAllListeners(signal).on(signal, () => process.exit(EXIT.interrupted))
    }
    this.#isInterrupted = true
    this.#end()
  }

  /** @param fault why, if it is not because it was told to */
  #end(fault?: Error): void {
    if (!this.#hub) process.exit(EXIT.interrupted) // it has nothing to finish yet
    const stopped = this.#hub.stop().then(() => fault)
    stopped
      .catch((error: Error) => error)
      .then(async (error) => {
        if (error) await this.catch(error)
        process.exit(error ? EXIT.failed : EXIT.done)
      })
  }
}
