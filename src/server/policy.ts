import { AccessList } from '../access/access-list.js'
import { Origins } from '../access/origins.js'
import type { ChannelConfig, Config, Rule } from '../config/config.js'

/** Who may publish to a channel and read it, and whose pages may. */
export interface Policy {
  readonly publish: Rule
  readonly subscribe: Rule
  readonly publishers: AccessList
  readonly origins: Origins
}

/** The policies of all channels, defined or not. */
export class Policies {
  readonly #defined: ReadonlyMap<string, Policy>
  /** That of channels which are not defined. */
  readonly default: Policy

  constructor({ channels, channelDefaults }: Config) {
    this.#defined = new Map([...channels].map(([name, config]) => [name, policyOf(config)]))
    this.default = policyOf(channelDefaults)
  }

  for(channel: string): Policy {
    return this.#defined.get(channel) ?? this.default
  }
}

function policyOf({ publish, subscribe, restrictPublish, allowedOrigins }: ChannelConfig): Policy {
  return {
    publish,
    subscribe,
    publishers: new AccessList(restrictPublish),
    origins: new Origins(allowedOrigins),
  }
}
