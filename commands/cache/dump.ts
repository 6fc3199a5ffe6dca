import { Args, Flags } from '@oclif/core'
import { pastEventLines } from '../../src/cli/event-lines.js'
import { HUB_EXIT_CODES, withExitCodes } from '../../src/cli/exit-code.js'
import { HubCommand } from '../../src/cli/hub-command.js'
import { fetchHistory } from '../../src/client/history.js'
import { readCertificates } from '../../src/config/certificates.js'
import type { HistoryDump } from '../../src/history-dump.js'

export default class CacheDump extends HubCommand {
  static override summary = 'print the history of a channel'
  static override description = withExitCodes(
    'Prints what the hub remembers of a channel, the oldest event first: the time at which the hub took it, its id, type and data. With --json it is one array.',
    ...HUB_EXIT_CODES,
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %> test',
    '<%= config.bin %> <%= command.id %> test --json',
    {
      description: 'straight from the store, while no hub runs',
      command: '<%= config.bin %> <%= command.id %> test --offline --config config.json',
    },
  ]
  static override args = {
    channel: Args.string({ description: 'the channel', required: true, ignoreStdin: true }),
  }
  static override flags = {
    offline: Flags.boolean({ description: 'read the store itself, without a hub' }),
    config: Flags.string({
      description: "the hub's configuration, which says where the store is",
      helpValue: 'FILE',
      dependsOn: ['offline'],
    }),
  }

  protected override readonly onlyPrints = true

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CacheDump)
    const { url, json, offline, config } = flags
    const { events } = offline
      ? await readStored(args.channel, config, (message) => this.tell(message))
      : await fetchHistory(url, args.channel, {
          token: flags.token,
          ca: readCertificates(flags.ca, '--ca'),
        })
    if (json) this.printJson(events)
    else if (events.length === 0) this.tell(`the history of ${args.channel} is empty`)
    else for (const event of events) this.print(pastEventLines(event))
  }
}

async function readStored(
  channel: string,
  file: string | undefined,
  report: (message: string) => void,
): Promise<HistoryDump> {
  // Loaded only here, since it brings the stores and their native code with it.
  const { readStoredHistory } = await import('../../src/offline.js')
  return readStoredHistory({ channel, file, env: process.env, report })
}
