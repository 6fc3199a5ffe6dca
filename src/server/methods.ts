import type { Config } from '../config/config.js'
import { isInspection } from './target.js'

/** The methods that there are at a request's target, as a header lists them. */
export function methodsAt(target: string, config: Config): string {
  if (!isInspection(target)) return methodsOfChannels(config)
  return target.startsWith('/-/') ? 'GET, OPTIONS' : 'GET, HEAD, OPTIONS'
}

/** The methods that there are for a channel. */
export function methodsOfChannels({ server }: Config): string {
  return server.enablePost ? 'GET, POST, OPTIONS' : 'GET, OPTIONS'
}
