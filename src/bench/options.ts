import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { channelPath, hubUrl } from '../client/address.js'
import { HubError } from '../errors.js'
import { openFilesLimit } from '../limits/open-files.js'
import { CHANNEL, toEndpoint } from './endpoint.js'
import type { Plan } from './plan.js'
import { MAX_EVENTS, MAX_PUBLISHERS, STAMP_LENGTH } from './stamp.js'

/** What a run is to do. */
export interface BenchOptions {
  /** Where the hub is. */
  readonly url: string
  /** For other servers: with `{channel}`; by default the hub's. */
  readonly subscribeUrl?: string | undefined
  readonly publishUrl?: string | undefined
  /** The body of a publish, with `{data}`, `{id}`, `{channel}`; by default the hub's JSON. */
  readonly body?: string | undefined
  /** `Name: value`, for all requests. */
  readonly headers?: readonly string[] | undefined
  /** The one channel to use; by default new ones that nobody else has. */
  readonly channel?: string | undefined
  readonly channels: number
  readonly subscribers: number
  readonly publishers: number
  /** Events to publish in all; undefined: for as long as `duration` says. */
  readonly events?: number | undefined
  /** Ms to publish for. */
  readonly duration?: number | undefined
  /** Events a second in all; 0 is as fast as they are answered. */
  readonly rate: number
  /** Bytes of an event's data. */
  readonly size: number
  /** Events that are published before anything is measured. */
  readonly warmUp: number
  /** Clients that resume at once when all is published. */
  readonly storm: number
  /** Events that each of them resumes. */
  readonly stormEvents: number
  /** Processes that subscribe; by default one for two cores. */
  readonly processes?: number | undefined
  /** Ms of silence after which nothing more is waited for. */
  readonly timeout: number
  /** The server's process, where it is not to be looked for. */
  readonly pid?: number | undefined
  /** The certificates that a server behind https is trusted by, in PEM; by default Node's. */
  readonly ca?: string | undefined
}

const DEFAULT_BODY = '{"id":"{id}","data":"{data}"}'
const MIN_SIZE = STAMP_LENGTH

/** Files that a process has open besides its connections. */
const OTHER_FILES = 40

/** @throws {HubError} `INVALID_CONFIG` where it cannot be done */
export function toPlan(options: BenchOptions): Plan {
  const { channel, channels, subscribers, publishers, size, storm, stormEvents } = options
  const { subscribeUrl, publishUrl, headers = [], body = DEFAULT_BODY, timeout, ca } = options
  const hub = hubUrl(options.url, '').href + CHANNEL
  const run = randomBytes(3).toString('hex')
  const [subscribe, publish] = [
    toEndpoint(subscribeUrl ?? hub, ca),
    toEndpoint(publishUrl ?? hub, ca),
  ]

  check(size >= MIN_SIZE, `an event has ${MIN_SIZE} bytes at least, for its number and time`)
  check(publishers < MAX_PUBLISHERS, `there can be ${MAX_PUBLISHERS - 1} publishers at most`)
  check((options.events ?? 0) < MAX_EVENTS, `there can be ${MAX_EVENTS - 1} events at most`)
  check(channel === undefined || channels === 1, '--channel is one, --channels are many')
  check(body.includes('{data}'), 'the body of a publish has to have {data} in it')
  for (const { target } of channels > 1 ? [subscribe, publish] : []) {
    check(target.includes(CHANNEL), `many channels need ${CHANNEL} in the URLs`)
  }
  for (const header of headers) {
    check(
      /^[\w!#$%&'*+.^`|~-]+:[^\r\n]*$/.test(header),
      `a header is like "Name: value"; ${header}`,
    )
  }
  if (storm > 0) checkStorm(options)
  checkFiles(Math.ceil((subscribers + storm) / processesOf(options)), options)
  return {
    run,
    subscribe,
    publish,
    headers: headers.map((header) => `${header}\r\n`).join(''),
    body,
    channels:
      channel === undefined
        ? Array.from({ length: channels }, (_, index) => `bench-${run}-${index}`)
        : [channelPath(channel)],
    subscribers,
    publishers,
    size,
    trail: storm > 0 ? stormEvents : 0,
    timeout,
  }
}

/** How many processes subscribe. */
export function processesOf({ processes, subscribers, storm }: BenchOptions): number {
  const wanted = processes ?? Math.max(1, Math.floor(availableParallelism() / 2))
  return Math.max(1, Math.min(wanted, subscribers + storm))
}

function checkStorm({
  channels,
  subscribers,
  publishers,
  events,
  warmUp,
  stormEvents,
}: BenchOptions) {
  check(publishers > 0, 'a storm needs a publisher')
  check(
    subscribers >= channels,
    'a storm needs a subscriber on each channel, which learns the ids: give more --subscribers',
  )
  const onEach = events === undefined ? undefined : Math.floor((events + warmUp) / channels)
  check(
    onEach === undefined || onEach > stormEvents,
    `to resume ${stormEvents} events, each channel needs ${stormEvents + 1}: give more --events, or less --storm-events`,
  )
}

function checkFiles(connections: number, options: BenchOptions): void {
  const limit = openFilesLimit() // Node raises it as far as it may be
  const needed = connections + OTHER_FILES
  if (needed <= limit) return
  const processes = Math.ceil((options.subscribers + options.storm) / (limit - OTHER_FILES))
  check(
    false,
    `a process may open ${limit} files here, and ${connections} streams need ${needed}: ` +
      `raise the limit (ulimit -n ${needed}), or take more processes (--processes ${processes})`,
  )
}

function check(isSo: boolean, message: string): void {
  if (!isSo) throw new HubError('INVALID_CONFIG', message)
}
