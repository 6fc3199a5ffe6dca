import { once } from 'node:events'
import { Args, Flags } from '@oclif/core'
import { END_EVENT } from '../src/channel/end.js'
import { GAP_EVENT } from '../src/channel/gap.js'
import { eventLines } from '../src/cli/event-lines.js'
import { EXIT, HUB_EXIT_CODES, withExitCodes } from '../src/cli/exit-code.js'
import { HubCommand, seconds } from '../src/cli/hub-command.js'
import { whenReaderIsGone } from '../src/cli/reader.js'
import { tail } from '../src/client/tail.js'
import { readCertificates } from '../src/config/certificates.js'

/** Bytes that wait for a reader that stalls, as `less` does, before no more are taken from the hub. */
const MAX_UNREAD = 67_108_864

export default class Tail extends HubCommand {
  static override summary = 'follow a channel'
  static override description = withExitCodes(
    'Prints each event as it comes: its id (or -), type and data. Goes on through restarts of the hub, from the last id that it saw. Ends when its reader does.',
    ...HUB_EXIT_CODES,
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %> test',
    '<%= config.bin %> <%= command.id %> test --all --count 10 --timeout 5',
    '<%= config.bin %> <%= command.id %> test --last-id 5 --event greeting --json',
  ]
  static override args = {
    channel: Args.string({ description: 'the channel', required: true, ignoreStdin: true }),
  }
  static override flags = {
    'last-id': Flags.string({ description: 'begin after the event of this id', helpValue: 'ID' }),
    all: Flags.boolean({ description: 'begin with the whole history', exclusive: ['last-id'] }),
    event: Flags.string({
      description: 'show only events of this type; may be repeated',
      helpValue: 'TYPE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    count: Flags.integer({ description: 'end after so many events', helpValue: 'N', min: 1 }),
    timeout: seconds({ description: 'end after this time; a failure if --count is not reached' }),
  }

  protected override readonly onlyPrints = true

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Tail)
    const { url, json, count, timeout } = flags
    whenReaderIsGone(() => process.exit(EXIT.done))
    const events = tail(url, args.channel, {
      lastId: flags['last-id'],
      all: flags.all,
      events: flags.event,
      token: flags.token,
      signal: timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000),
      ca: readCertificates(flags.ca, '--ca'),
      onNotice: (message) => this.tell(message),
    })

    let seen = 0
    for await (const event of events) {
      if (json) this.printJson(event)
      else this.print(eventLines(event))
      if (event.event !== GAP_EVENT && event.event !== END_EVENT) seen += 1
      if (seen === count) return
      if (process.stdout.writableLength > MAX_UNREAD) await once(process.stdout, 'drain')
    }
    if (count !== undefined) throw new Error(`${seen} of ${count} events came in ${timeout} s`)
  }
}
