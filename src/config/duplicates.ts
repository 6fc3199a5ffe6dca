import { type Fault, shown } from './fault.js'
import { FORMATS } from './formats.js'
import { own } from './plain.js'

/** Faults for channels of a name that one before them has. */
export function duplicateChannels(file: unknown): Fault[] {
  const channels = own(file, 'channels')
  if (!Array.isArray(channels)) return []
  const faults: Fault[] = []
  const first = new Map<unknown, number>()
  for (const [index, channel] of channels.entries()) {
    const name = own(channel, 'path')
    if (typeof name !== 'string' || !FORMATS.channel.validate(name)) continue
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, index)
    else
      faults.push({
        path: ['channels', index, 'path'],
        problem: `found ${shown(name)}, which is the name of channels[${earlier}], too; wants another`,
      })
  }
  return faults
}
