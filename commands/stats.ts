import { Flags } from '@oclif/core'
import { EXIT, HUB_EXIT_CODES, withExitCodes } from '../src/cli/exit-code.js'
import { HubCommand, seconds } from '../src/cli/hub-command.js'
import { whenReaderIsGone } from '../src/cli/reader.js'
import { redraw } from '../src/cli/screen.js'
import { statsTables } from '../src/cli/stats-tables.js'
import { fetchStats, watchStats } from '../src/client/stats.js'
import { readCertificates } from '../src/config/certificates.js'
import { HubError } from '../src/errors.js'

export default class Stats extends HubCommand {
  static override summary = "show the hub's figures"
  static override description = withExitCodes(
    'Prints what the hub has counted since it started: in all, and for each channel.',
    ...HUB_EXIT_CODES,
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --watch --interval 5',
    '<%= config.bin %> <%= command.id %> --json',
    '<%= config.bin %> <%= command.id %> --cluster',
  ]
  static override flags = {
    watch: Flags.boolean({ description: 'show them again and again' }),
    cluster: Flags.boolean({ description: 'of all hubs that share its Redis' }),
    interval: seconds({ description: 'time between, 2 s if not given', dependsOn: ['watch'] }),
  }

  protected override readonly onlyPrints = true

  async run(): Promise<void> {
    const { flags } = await this.parse(Stats)
    const { url, json, watch, cluster, interval = 2, token } = flags
    const scope = cluster ? 'cluster' : 'hub'
    const options = { scope, token, ca: readCertificates(flags.ca, '--ca') } as const
    if (!watch) {
      const stats = await fetchStats(url, options)
      if (json) this.printJson(stats)
      else this.print(statsTables(stats))
      return
    }
    whenReaderIsGone(() => process.exit(EXIT.done))
    const draws = process.stdout.isTTY && !json
    let shown = ''
    for await (const stats of watchStats(url, interval * 1000, options)) {
      if (stats instanceof HubError) {
        if (draws) this.#draw(`${stats.message}\n\n${shown}`)
        else this.tell(stats.message)
      } else if (json) {
        this.printJson(stats)
      } else {
        shown = statsTables(stats)
        if (draws) this.#draw(shown)
        else this.print(`${shown}\n`)
      }
    }
  }

  #draw(text: string): void {
    process.stdout.write(redraw(text, process.stdout))
  }
}
