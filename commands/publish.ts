import { Args, Flags } from '@oclif/core'
import type { Published } from '../src/channels.js'
import { HUB_EXIT_CODES, withExitCodes } from '../src/cli/exit-code.js'
import { HubCommand } from '../src/cli/hub-command.js'
import { readLines, readText } from '../src/cli/input.js'
import { publishLines } from '../src/cli/publish-lines.js'
import { eventText } from '../src/client/event-text.js'
import { publish } from '../src/client/publish.js'

export default class Publish extends HubCommand {
  static override summary = 'publish events to a channel'
  static override description = withExitCodes(
    'DATA that is a JSON object with a "data" member is a whole event, {"data":…, "id"?, "event"?, "retry"?}; anything else is the data of one. With - each line of standard input is published that way, in order, up to the first failure.',
    ...HUB_EXIT_CODES,
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
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Publish)
    const { url, json, raw, file, id, event, retry } = flags
    const toEvent = (text: string) => eventText(text, { id, event, retry }, { raw })

    if ((args.data === undefined) === (file === undefined)) {
      this.error('give either DATA, - for standard input, or --file')
    }
    if (args.data === '-') {
      if (id !== undefined) this.error('--id is for one event, - for many')
      let count = 0
      for await (const published of publishLines(url, args.channel, this.#events(toEvent, raw))) {
        count += 1
        if (json) this.printJson(published)
      }
      if (!json) this.print(`published ${count} ${plural(count, 'event')} to ${args.channel}`)
      return
    }
    const text = file === undefined ? (args.data ?? '') : await readText(file)
    const published = await publish(url, args.channel, toEvent(text))
    if (json) this.printJson(published)
    else this.print(summary(published))
  }

  async *#events(toEvent: (text: string) => string, raw: boolean) {
    for await (const line of readLines(process.stdin)) {
      yield !raw && line.trim() === '' ? undefined : toEvent(line)
    }
  }
}

function summary({ channel, id, sequence, subscribers }: Published): string {
  const name = id === null ? 'no id' : `id ${id}`
  return `published to ${channel}: ${name}, sequence ${sequence}, ${subscribers} ${plural(subscribers, 'subscriber')}`
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
