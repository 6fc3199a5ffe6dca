import { fstatSync } from 'node:fs'
import { Args, Flags } from '@oclif/core'
import { PUBLISH_EXIT_CODES, withExitCodes } from '../src/cli/exit-code.js'
import { HubCommand } from '../src/cli/hub-command.js'
import { readLines, readText } from '../src/cli/input.js'
import { publishLines } from '../src/cli/publish-lines.js'
import { toBroker, toHub } from '../src/cli/publishing.js'
import { eventText } from '../src/client/event-text.js'
import { readCertificates } from '../src/config/certificates.js'
import { counted } from '../src/plural.js'

export default class Publish extends HubCommand {
  static override summary = 'publish events to a channel'
  static override description = withExitCodes(
    'DATA that is a JSON object with a "data" member is a whole event, {"data":…, "id"?, "event"?, "retry"?}; anything else is the data of one. With - each line of standard input is published that way, in order, up to the first failure.\n\nWith --amqp it is published through a RabbitMQ, to all hubs that take events from there; done is what the broker has confirmed.',
    ...PUBLISH_EXIT_CODES,
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %> test "hello" --id 5 --event greeting',
    `<%= config.bin %> <%= command.id %> test '{"id":6,"data":{"on":true}}'`,
    `<%= config.bin %> <%= command.id %> test --raw '{"data":"not an event"}'`,
    {
      description: 'one event for each line',
      command: "printf 'one\\ntwo\\n' | <%= config.bin %> <%= command.id %> test -",
    },
    '<%= config.bin %> <%= command.id %> test --file package.json',
    '<%= config.bin %> <%= command.id %> test "hello" --amqp amqp://guest:guest@127.0.0.1',
  ]
  static override args = {
    channel: Args.string({ description: 'the channel', required: true, ignoreStdin: true }),
    data: Args.string({ description: 'the data or event; - reads lines', ignoreStdin: true }),
  }
  static override flags = {
    id: Flags.string({ description: "the event's id" }),
    event: Flags.string({ description: "the event's type", helpValue: 'TYPE' }),
    retry: Flags.integer({ description: 'ms that clients wait before they reconnect', min: 0 }),
    file: Flags.string({ description: 'publish the content of this file', helpValue: 'FILE' }),
    raw: Flags.boolean({ description: 'DATA is the data, never a whole event' }),
    amqp: Flags.string({ description: 'publish through this RabbitMQ', helpValue: 'URL' }),
    exchange: Flags.string({
      description: 'the exchange of the broker, amq.fanout if not given',
      dependsOn: ['amqp'],
    }),
    'routing-key': Flags.string({
      description: "the routing key, the channel's name if not given",
      helpValue: 'KEY',
      dependsOn: ['amqp'],
    }),
  }

  /** How many lines have been published, if lines are. */
  #count: number | undefined

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Publish)
    const { url, amqp, exchange, json, raw, file, id, event, retry } = flags
    const toEvent = (text: string) => eventText(text, { id, event, retry }, { raw })
    const isLines = args.data === '-'

    if ((args.data === undefined) === (file === undefined)) {
      this.error('give either DATA, - for standard input, or --file')
    }
    if (isLines && id !== undefined) this.error('--id is for one event, - for many')
    // Node would read it as nothing.
    if (isLines && fstatSync(0).isDirectory()) this.error('standard input is a folder')
    const text = file === undefined ? (args.data ?? '') : await readText(file)

    const publishing =
      amqp === undefined
        ? toHub(url, args.channel, {
            token: flags.token,
            ca: readCertificates(flags.ca, '--ca'),
          })
        : await toBroker(amqp, args.channel, { exchange, routingKey: flags['routing-key'] })
    try {
      if (!isLines) {
        const { value, summary } = await publishing.publish(toEvent(text))
        if (json) this.printJson(value)
        else this.print(summary)
        return
      }
      this.#count = 0
      for await (const { value } of publishLines(publishing, this.#events(toEvent, raw))) {
        this.#count += 1
        if (json) this.printJson(value)
      }
      if (!json) this.print(`published ${counted(this.#count, 'event')} to ${args.channel}`)
    } finally {
      if (isLines) process.stdin.destroy() // after a failure its end is not waited for
      await publishing.close()
    }
  }

  protected override interrupted(): void {
    if (this.#count !== undefined) {
      const more = 'what was under way may have been published, too'
      this.tell(`interrupted: published ${counted(this.#count, 'event')}; ${more}`)
    }
    super.interrupted()
  }

  async *#events(toEvent: (text: string) => string, raw: boolean) {
    for await (const line of readLines(process.stdin)) {
      yield !raw && line.trim() === '' ? undefined : toEvent(line)
    }
  }
}
