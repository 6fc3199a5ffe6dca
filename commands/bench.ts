import { Flags } from '@oclif/core'
import { EXIT, HUB_EXIT_CODES, withExitCodes } from '../src/cli/exit-code.js'
import { HubCommand, seconds } from '../src/cli/hub-command.js'
import { readCertificates } from '../src/config/certificates.js'

export default class Bench extends HubCommand {
  static override summary = 'load a hub, and measure what it does'
  static override description = withExitCodes(
    `Connects subscribers, publishes events, and follows every event to every subscriber: how fast, at what latency, at what cost to the hub (its CPU and memory, where it runs on this Linux machine), and whether each came once and in order. Subscribers that are cut off come back with their last id, and that counts too. Channels are new ones of names that nobody else has; what they hold stays in the hub's history.

The load comes from processes of their own. With --rate, an event is timed from when it was due, so that a hub that stalls is not spared. A run ends by itself: when all is delivered, or after --timeout seconds of silence.

Other servers than ssehub are loaded with --subscribe-url, --publish-url and --body: {channel}, {id} and {data} in them stand for the channel, the event's id and its data.

It fails where an event was lost, duplicated, out of order or not taken. What a gap event told of is shown, and does not fail.`,
    ...HUB_EXIT_CODES,
  )
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --subscribers 5000 --rate 100 --duration 10 --warm-up 50',
    '<%= config.bin %> <%= command.id %> --subscribers 5000 --channels 1000 --publishers 32 --events 20000 --json',
    {
      description: '5,000 clients resume 100 events each, all at once',
      command:
        '<%= config.bin %> <%= command.id %> --subscribers 1 --events 200 --storm 5000 --storm-events 100',
    },
    {
      description: 'connections alone: their rate, and the memory that each takes',
      command: '<%= config.bin %> <%= command.id %> --subscribers 10000 --events 0',
    },
    {
      description: 'nchan, or any other server',
      command:
        "<%= config.bin %> <%= command.id %> --subscribe-url 'http://127.0.0.1:8088/sub/{channel}' --publish-url 'http://127.0.0.1:8088/pub/{channel}' --body '{data}'",
    },
  ]
  static override flags = {
    subscribers: Flags.integer({
      description: 'streams to open, shared out over the channels',
      min: 0,
      default: 100,
      helpValue: 'N',
    }),
    channels: Flags.integer({ description: 'channels to use', min: 1, default: 1, helpValue: 'N' }),
    publishers: Flags.integer({
      description: 'clients that publish, each one event at a time',
      min: 0,
      default: 1,
      helpValue: 'N',
    }),
    events: Flags.integer({
      description: 'events to publish in all; 1000 if neither this nor --duration is given',
      helpValue: 'N',
      min: 0,
    }),
    duration: seconds({ description: 'publish for so long' }),
    rate: Flags.integer({
      description: 'events a second in all; 0 is as fast as they are answered',
      min: 0,
      default: 0,
      helpValue: 'N',
    }),
    size: Flags.integer({
      description: "bytes of an event's data",
      min: 1,
      default: 100,
      helpValue: 'N',
    }),
    'warm-up': Flags.integer({
      description: 'events to publish before anything is measured',
      min: 0,
      default: 0,
      helpValue: 'N',
    }),
    storm: Flags.integer({
      description: 'clients that resume at once when all is published',
      min: 0,
      default: 0,
      helpValue: 'N',
    }),
    'storm-events': Flags.integer({
      description: 'events that each of them resumes',
      min: 1,
      default: 100,
      helpValue: 'N',
    }),
    processes: Flags.integer({
      description: 'processes that subscribe; one for every two cores if not given',
      helpValue: 'N',
      min: 1,
      max: 256,
    }),
    timeout: seconds({ description: 'silence after which it ends', default: 10 }),
    channel: Flags.string({ description: 'use this channel, rather than new ones' }),
    'subscribe-url': Flags.string({ description: 'where to subscribe', helpValue: 'URL' }),
    'publish-url': Flags.string({ description: 'where to publish, by POST', helpValue: 'URL' }),
    body: Flags.string({ description: 'the body of a publish, {"id":"{id}","data":"{data}"}' }),
    header: Flags.string({
      description: 'a header of all requests, as "Authorization: Bearer TOKEN"; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
    }),
    pid: Flags.integer({ description: "the hub's process, if it is not found", min: 1 }),
    csv: Flags.boolean({ description: 'print names and values as CSV', exclusive: ['json'] }),
  }

  readonly #interruption = new AbortController()

  async run(): Promise<void> {
    const { flags } = await this.parse(Bench)
    // Loaded only here: other commands, and --help, start without it.
    const { bench, ProgressBar, csvOf, reportOf } = await import('../src/bench/index.js')
    const bar = new ProgressBar(process.stderr)
    const result = await bench(
      {
        ...flags,
        subscribeUrl: flags['subscribe-url'],
        publishUrl: flags['publish-url'],
        headers:
          flags.token === undefined
            ? flags.header
            : [...(flags.header ?? []), `Authorization: Bearer ${flags.token}`],
        events: flags.events ?? (flags.duration === undefined ? 1000 : undefined),
        duration: flags.duration === undefined ? undefined : flags.duration * 1000,
        warmUp: flags['warm-up'],
        stormEvents: flags['storm-events'],
        timeout: flags.timeout * 1000,
        ca: readCertificates(flags.ca, '--ca'),
      },
      { signal: this.#interruption.signal, onProgress: (progress) => bar.show(progress) },
    ).finally(() => bar.clear())
    if (flags.json) this.printJson(result)
    else this.print(flags.csv ? csvOf(result) : reportOf(result))
    if (result.interrupted) process.exitCode = EXIT.interrupted
    else if (!result.verdict.ok) process.exitCode = EXIT.failed
  }

  /** Ends the run; what it has found by then is printed. A second time ends it at once. */
  protected override interrupted(): void {
    this.#interruption.abort()
    process.once('SIGINT', () => process.exit(EXIT.interrupted))
  }
}
