import type { Published } from '../channels.js'
import { publish } from '../client/publish.js'
import { HubError } from '../errors.js'

/**
 * Publishes events in order, each after the one before was taken, up to the first failure.
 *
 * @param url where the hub is
 * @param lines the JSON of an event each; undefined for a line to pass over
 * @throws {HubError} as `publish` does, saying which line it was and how many went before
 */
export async function* publishLines(
  url: string,
  channel: string,
  lines: AsyncIterable<string | undefined>,
): AsyncGenerator<Published, void, undefined> {
  let line = 0
  let done = 0
  for await (const event of lines) {
    line += 1
    if (event === undefined) continue
    const taken = await publish(url, channel, event).catch((error: unknown) => {
      if (!(error instanceof HubError)) throw error
      const where = `line ${line}: ${error.message}; ${done} published before it`
      throw new HubError(error.code, where, { cause: error })
    })
    done += 1
    yield taken
  }
}
