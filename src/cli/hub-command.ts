import { Flags } from '@oclif/core'
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
    json: Flags.boolean({
      description: 'print JSON, and nothing else, on standard output',
      helpGroup: 'GLOBAL',
    }),
  }
}
