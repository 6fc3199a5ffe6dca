import type { Config } from '../config/config.js'
import type { ServerCounters } from '../counts.js'
import { HubError } from '../errors.js'
import type { Publisher } from '../store/store.js'
import type { LimitLog } from './limit-log.js'
import { RateLimiter } from './rate-limiter.js'

export interface PublishRatesOptions {
  /** The time in ms. */
  readonly now: () => number
  readonly counters: ServerCounters
  readonly log?: LimitLog | undefined
}

/** How often each address, and each holder of a token or key, may publish. */
export class PublishRates {
  readonly #options: PublishRatesOptions
  readonly #perIp: RateLimiter
  readonly #perKey: RateLimiter

  constructor(
    {
      publishRatePerIp,
      publishRatePerKey,
    }: Pick<Config['server'], 'publishRatePerIp' | 'publishRatePerKey'>,
    options: PublishRatesOptions,
  ) {
    this.#options = options
    this.#perIp = new RateLimiter(publishRatePerIp, options.now)
    this.#perKey = new RateLimiter(publishRatePerKey, options.now)
  }

  /**
   * Counts an event that somebody is about to publish.
   *
   * @throws {HubError} `TOO_MANY_EVENTS`
   */
  take({ network, holder }: Publisher): void {
    const { counters, log } = this.#options
    const isTooOftenForIp = network !== undefined && !this.#perIp.take(network)
    const isTooOften = isTooOftenForIp || (holder !== undefined && !this.#perKey.take(holder))
    if (!isTooOften) return
    const [setting, whose] = isTooOftenForIp
      ? ['server.publishRatePerIp', 'your address']
      : ['server.publishRatePerKey', 'your token or key']
    if (isTooOftenForIp) counters.refusedRatePerIp += 1
    else counters.refusedRatePerKey += 1
    log?.tell(setting as string, 'publishers get a 429', { network, holder })
    const message = `too many events come from ${whose} (${setting}); try again`
    throw new HubError('TOO_MANY_EVENTS', message)
  }
}
