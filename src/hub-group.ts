import { hostname } from 'node:os'
import type { CacheAdapter } from './config/config.js'
import { HubError } from './errors.js'
import { type GroupStats, groupStats, type HubStats, isHubStats } from './group-stats.js'
import type { Stats } from './stats.js'
import { RedisStore } from './store/redis.js'
import { RedisGroup } from './store/redis-group.js'
import type { Store } from './store/store.js'

/** What a hub tells the others of itself. */
interface Member {
  /** The port that it takes connections at. */
  port(): number | undefined
  stats(): Stats | Promise<Stats>
  /** Where a channel of that name keeps its history. */
  adapterOf(name: string): CacheAdapter
}

/** The hubs that share a Redis, this one among them; where there is no Redis, it alone. */
export class HubGroup {
  readonly #member: Member
  readonly #redis: RedisGroup | undefined

  /**
   * @param stores of this hub
   * @param prefix that the hubs share, too
   */
  constructor(stores: ReadonlyMap<CacheAdapter, Store>, prefix: string, member: Member) {
    this.#member = member
    const store = stores.get('redis')
    if (store instanceof RedisStore) {
      this.#redis = new RedisGroup(store.connection, prefix, () => this.#ownStats())
    }
  }

  /**
   * The figures of all of them.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`; `ADDRESS_UNAVAILABLE` while this one does not listen
   */
  async stats(): Promise<GroupStats> {
    if (!this.#redis) return groupStats([await this.#ownStats()], 0)
    const { answers, missing } = await this.#redis.ask()
    return groupStats(answers.filter(isHubStats), missing)
  }

  async #ownStats(): Promise<HubStats> {
    const port = this.#member.port()
    if (port === undefined) throw new HubError('ADDRESS_UNAVAILABLE', 'the hub does not listen')
    const stats = await this.#member.stats()
    const shared = stats.channels
      .map(({ id }) => id)
      .filter((name) => this.#member.adapterOf(name) === 'redis')
    return { hub: `${hostname()}:${port}`, shared, ...stats }
  }
}
