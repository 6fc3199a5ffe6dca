import { Errors, Flags } from '@oclif/core'
import { DEFAULT_URL } from '../client/address.js'
import { BaseCommand } from './base-command.js'

/** A command that talks to a running hub. */
export abstract class HubCommand extends BaseCommand {
  static override baseFlags = {
    url: Flags.string({
      description: 'where the hub is',
      env: 'SSEHUB_URL',
      default: DEFAULT_URL,
      helpGroup: 'GLOBAL',
    }),
    token: Flags.string({
      description: 'a token or publish key to show to the hub',
      env: 'SSEHUB_TOKEN',
      helpGroup: 'GLOBAL',
      noCacheDefault: true,
    }),
    ca: Flags.string({
      description: 'trust a hub behind https by the certificates in this file, in PEM',
      env: 'SSEHUB_CA',
      helpValue: 'FILE',
      helpGroup: 'GLOBAL',
    }),
    json: Flags.boolean({
      description: 'print JSON, and nothing else, on standard output',
      helpGroup: 'GLOBAL',
    }),
  }
}

/** The longest time that a timer takes. */
const MAX_SECONDS = 2_147_483

/** A flag for a time in seconds, parts of one allowed. */
export const seconds = Flags.custom<number>({
  helpValue: 'SECONDS',
  parse: async (input) => {
    const value = Number(input)
    if (input.trim() !== '' && value > 0 && value <= MAX_SECONDS) return value
    throw new Errors.CLIError(
      `expected seconds, above 0 and up to ${MAX_SECONDS}; found ${JSON.stringify(input)}`,
    )
  },
})
