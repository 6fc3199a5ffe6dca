import { AccessList } from '../access/access-list.js'
import { Origins } from '../access/origins.js'
import type { ChannelConfig, Config } from '../config/config.js'

/** Who may publish to a channel, and whose pages may read it. */
export interface Policy {
  readonly publishers: AccessList
  readonly origins: Origins
}

/** The policies of all channels, defined or not. */
export class Policies {
  readonly #defined: ReadonlyMap<string, Policy>
  readonly #default: Policy

  constructor({ channels, channelDefaults }: Config) {
    this.#defined = new Map([...channels].map(([name, config]) => [name, policyOf(config)]))
    this.#default = policyOf(channelDefaults)
  }

  for(channel: string): Policy {
    return this.#defined.get(channel) ?? this.#default
  }
}

function policyOf({ restrictPublish, allowedOrigins }: ChannelConfig): Policy {
  return { publishers: new AccessList(restrictPublish), origins: new Origins(allowedOrigins) }
}
